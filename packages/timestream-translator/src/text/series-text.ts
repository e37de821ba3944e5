import type { Label } from '@timestream-prometheus/prom-codec';
import { cutText } from './text-codec.js';

const MAX_SERIES_TEXT_LENGTH = 300;

const MAX_QUOTED_LENGTH = 80;

/** A series as Prometheus writes it, `{__name__="up", job="api"}`, labels in the order given, cut to a length that fits a log line. */
export function seriesText(labels: readonly Label[]): string {
  const pieces: string[] = [];
  let length = 2;
  for (const { name, value } of labels) {
    const piece = `${isPlainLabelName(name) ? name : quotedText(name)}=${quotedText(value)}`;
    length += piece.length + 2;
    if (length > MAX_SERIES_TEXT_LENGTH) {
      pieces.push('…');
      break;
    }
    pieces.push(piece);
  }
  return `{${pieces.join(', ')}}`;
}

/** A text in double quotes on one line, its end replaced by `…` if it is long. */
export function quotedText(text: string): string {
  const cut = cutText(text, MAX_QUOTED_LENGTH);
  const quoted = JSON.stringify(cut).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return cut === text ? quoted : `${quoted}…`;
}

/** Prometheus quotes label names beyond the classic alphabet. */
function isPlainLabelName(name: string): boolean {
  return name.length <= MAX_QUOTED_LENGTH && /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name);
}

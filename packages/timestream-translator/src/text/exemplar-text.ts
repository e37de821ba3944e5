import { compareUtf8, type Exemplar, type Label } from '@timestream-prometheus/prom-codec';
import { encodeLabelDimension } from '../names/label-dimension.js';
import { bitsOfText, bitsText } from './number-text.js';

/** Between value and labels. No text of a value has it. */
const SEPARATOR = '|';

/**
 * An exemplar as the text of the column `prometheus_exemplar`, everything but its time: the value, `|`, and the labels as a JSON object with its
 * keys sorted by their UTF-8 bytes: `0.25|{"trace_id":"4bf92f35"}`. A label with an empty value is an absent one, as to Prometheus. No name may
 * occur twice.
 */
export function encodeExemplarText({ labels, valueBits }: Pick<Exemplar, 'labels' | 'valueBits'>): string {
  return `${bitsText(valueBits)}${SEPARATOR}${encodeLabelDimension(labels)}`;
}

/** The exemplar of a text, its labels sorted; null if it is none: the column may hold anything that a hand wrote. */
export function decodeExemplarText(text: string): Pick<Exemplar, 'labels' | 'valueBits'> | null {
  const separatorAt = text.indexOf(SEPARATOR);
  const valueBits = bitsOfText(text.slice(0, Math.max(0, separatorAt)));
  const labels = parseLabels(text.slice(separatorAt + 1));
  return valueBits === null || labels === null ? null : { labels, valueBits };
}

function parseLabels(text: string): readonly Label[] | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return null;
  // JSON.parse makes `__proto__` a property of its own, and Object.entries lists it.
  const labels: Label[] = [];
  for (const [name, value] of Object.entries(parsed) as [string, unknown][]) {
    if (typeof value !== 'string') return null;
    labels.push({ name, value });
  }
  return labels.sort((left, right) => compareUtf8(left.name, right.name));
}

import type { ProgramHost } from './program-host.js';

export interface ProgressBar {
  /** @param done of the size; the count is what a person wants to know, such as samples */
  show(done: number, count: number): void;
  /** A line of its own; the bar goes on below it. */
  line(text: string): void;
  end(): void;
}

const WIDTH = 30;
const PAUSE_MS = 200;
const CLEAR_LINE = '\r\u001b[2K';

/** On a terminal a line that changes; elsewhere nothing but the lines. */
export function createProgressBar(
  host: Pick<ProgramHost, 'isErrTerminal' | 'writeErr'>,
  title: string,
  size: number,
  nowMs = Date.now,
): ProgressBar {
  const startMs = nowMs();
  let lastMs = 0;
  let isShown = false;
  let firstDone: number | undefined;
  const clear = (): void => {
    if (isShown) host.writeErr(CLEAR_LINE);
    isShown = false;
  };
  return {
    show(done, count) {
      firstDone ??= done;
      if (!host.isErrTerminal || nowMs() - lastMs < PAUSE_MS) return;
      lastMs = nowMs();
      const share = size === 0 ? 1 : Math.min(1, done / size);
      const seconds = Math.max(0.001, (nowMs() - startMs) / 1000);
      const speed = (done - firstDone) / seconds;
      const left = speed > 0 ? durationText((size - done) / speed) : '…';
      const filled = '#'.repeat(Math.round(share * WIDTH)).padEnd(WIDTH, '.');
      host.writeErr(
        `${CLEAR_LINE}${title} [${filled}] ${Math.floor(share * 100)} %, ${count.toLocaleString('en-US')} samples, ${left} left`,
      );
      isShown = true;
    },
    line(text) {
      clear();
      host.writeErr(`${text}\n`);
    },
    end: clear,
  };
}

function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  return whole < 3600
    ? `${Math.floor(whole / 60)} min ${whole % 60} s`
    : `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

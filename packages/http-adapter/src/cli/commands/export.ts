import { closeSync, createReadStream, fsyncSync, ftruncateSync, openSync, statSync, writeSync } from 'node:fs';
import { setTimeout as waitFor } from 'node:timers/promises';
import {
  createTextSource,
  exportSamples,
  parseSelector,
  verifySamples,
  type ExportProgress,
} from '@timestream-prometheus/connector/operations';
import { DESTINATION_OPTIONS, OUTPUT_OPTION, type CommandDefinition, type CommandInput } from '../command-definition.js';
import type { Destination } from '../open-destination.js';
import { leastMeteredText, queriesEstimate, QUERY_PRICE_OPTION } from '../price-options.js';
import type { ProgramHost } from '../program-host.js';
import { createProgressBar } from '../progress-bar.js';
import { fileError } from '../startup-error.js';
import { quantityText } from '../quantity-text.js';
import { openStateFile } from '../state-file.js';
import { parseTimeMs } from '../time-options.js';
import { runTransfer, verifiedText } from '../run-transfer.js';
import {
  DRY_RUN_OPTION,
  MATCH_OPTION,
  PARTLY_EXIT,
  RATE_OPTION,
  stateFileOption,
  transferExitCodes,
  TRANSFER_OPTIONS,
  VERIFY_OPTION,
  WINDOW_OPTION,
} from '../transfer-options.js';

const STATE_OPTION = stateFileOption('timestream-prometheus-export.json');

export const EXPORT: CommandDefinition = {
  name: 'export',
  summary: 'Write what the table holds into a file, as OpenMetrics text.',
  details:
    'Prometheus makes blocks of the file: promtool tsdb create-blocks-from openmetrics. The text has no place for staleness markers and for native histograms: they are left out and counted. It may be stopped at any moment: the next run goes on. Times are kept to the millisecond and values to the last bit.',
  args: [{ name: 'file', help: 'The file to write.', isRequired: true, completes: 'file' }],
  connectorOptions: [...DESTINATION_OPTIONS, 'readStrategy'],
  ownOptions: [OUTPUT_OPTION, ...TRANSFER_OPTIONS, STATE_OPTION, QUERY_PRICE_OPTION],
  examples: [
    { line: 'export all.txt --start=7d --storage=embedded', meaning: 'the last week' },
    {
      line: 'export up.txt --match=\'up{job="node"}\' --start=2026-01-01T00:00:00Z --end=2026-02-01T00:00:00Z --storage=embedded',
      meaning: 'one metric in January',
    },
  ],
  exitCodes: transferExitCodes('everything is in the file, but for staleness markers'),
  run: (input, host) => runTransfer(input.flags, host, (destination) => runExport(destination, input, host)),
};

async function runExport(destination: Destination, { own, args }: CommandInput, host: ProgramHost): Promise<number> {
  const signal = host.stopSignal;
  const name = args[0] ?? '';
  const say = (text: string): void => (own['output'] === 'json' ? undefined : host.writeOut(text));
  const matchers = parseSelector(own[MATCH_OPTION.flag] as string);
  const windowMs = own[WINDOW_OPTION.flag] as number;
  // Ages are counted from now, which the next run would see otherwise: what was begun is what is gone on with.
  const identity = `${destination.description} ${own[MATCH_OPTION.flag] as string} ${own['start'] as string} ${own['end'] as string} into ${name}`;
  const state = openStateFile<ExportState>(own[STATE_OPTION.flag] as string, identity);
  const resumed = state.load();
  const nowMs = Date.now();
  const fromMs = resumed?.fromMs ?? parseTimeMs(own['start'] as string, nowMs);
  const toMs = resumed?.toMs ?? parseTimeMs(own['end'] as string, nowMs);
  const windows = Math.max(0, Math.ceil((toMs - fromMs + 1) / windowMs));
  const price = own[QUERY_PRICE_OPTION.flag] as number | undefined;
  const estimate = queriesEstimate(windows, price);

  say(`From ${destination.description}, ${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()}\nInto ${name}\n`);
  say(
    `${windows} queries, ${leastMeteredText(estimate)}${own[VERIFY_OPTION.flag] === true ? '; the comparison afterwards takes one more for each metric, or several' : ''}\n`,
  );
  if (own[DRY_RUN_OPTION.flag] === true) {
    if (own['output'] === 'json') host.writeOut(`${JSON.stringify({ estimate }, undefined, 2)}\n`);
    return 0;
  }
  if (resumed !== undefined) say(`Going on after ${quantityText(resumed.samples, 'sample')} (${state.path})\n`);

  const file = openFile(name, resumed === undefined ? 'w' : 'r+');
  const target = { connector: destination.connector, authorization: undefined, path: '/api/v1/read' };
  const progressBar = createProgressBar(host, 'exporting', toMs - fromMs + 1);
  const rate = own[RATE_OPTION.flag] as number;
  let progress: ExportProgress;
  try {
    let place = resumed?.bytes ?? 0;
    // What was written behind the last note is written again.
    ftruncateSync(file, place);
    progress = await exportSamples({
      target,
      matchers,
      fromMs,
      toMs,
      windowMs,
      resumeFrom: resumed ?? { identity, nextMs: fromMs, bytes: 0, samples: 0, staleMarkers: 0, leftOut: 0 },
      // oxlint-disable-next-line typescript/require-await -- it is written when it returns
      async append(text) {
        const bytes = Buffer.from(text);
        for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written, bytes.length - written, place + written);
        place += bytes.length;
        return bytes.length;
      },
      // oxlint-disable-next-line typescript/require-await -- it is on the disk when it returns
      async onProgress(now) {
        fsyncSync(file);
        state.save({ ...now, identity, fromMs, toMs });
        progressBar.show(now.nextMs - fromMs, now.samples);
      },
      maxSamplesPerSecond: rate === 0 ? undefined : rate,
      nowMs: () => Date.now(),
      wait: (ms, waitSignal) => waitFor(ms, undefined, { signal: waitSignal }),
      signal,
    });
    writeSync(file, '# EOF\n', place);
    fsyncSync(file);
  } finally {
    progressBar.end();
    closeSync(file);
  }
  const { samples, staleMarkers, leftOut } = progress;
  say(
    `${quantityText(samples, 'sample')} written; ${quantityText(staleMarkers, 'staleness marker')} and ${quantityText(leftOut, 'other')} left out, for which the text has no place\n`,
  );

  let verified;
  if (own[VERIFY_OPTION.flag] === true) {
    const { size } = statSync(name);
    const comparing = createProgressBar(host, 'comparing', size);
    const source = createTextSource({
      name,
      sizeBytes: size,
      version: '',
      read: (fromByte) => createReadStream(name, { start: fromByte }) as AsyncIterable<Uint8Array>,
    });
    verified = await verifySamples({ source, target, onProgress: (done) => comparing.show(done, 0), signal }).finally(() =>
      comparing.end(),
    );
    say(verifiedText(verified));
  }
  state.remove();
  if (own['output'] === 'json')
    host.writeOut(`${JSON.stringify({ file: name, samples, staleMarkers, leftOut, verified }, undefined, 2)}\n`);
  return leftOut === 0 && (verified === undefined || verified.missing + verified.different === 0) ? 0 : PARTLY_EXIT.code;
}

interface ExportState extends ExportProgress {
  readonly fromMs: number;
  readonly toMs: number;
}

function openFile(name: string, flags: 'w' | 'r+'): number {
  try {
    return openSync(name, flags);
  } catch (error) {
    throw fileError(error, 'file', name);
  }
}

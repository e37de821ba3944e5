import { setTimeout as waitFor } from 'node:timers/promises';
import {
  estimateImport,
  importSamples,
  verifySamples,
  type ImportEstimate,
  type ImportProgress,
  type VerifyResult,
} from '@timestream-prometheus/connector/operations';
import { DESTINATION_OPTIONS, OUTPUT_OPTION, type CommandDefinition, type CommandInput } from '../command-definition.js';
import type { Destination } from '../open-destination.js';
import { openSource, type OpenedSource } from '../open-source.js';
import { ACCESS_OPTIONS } from '../open-url.js';
import { leastMeteredText, priceText, queriesEstimate, QUERY_PRICE_OPTION, WRITE_PRICE_OPTION, writeCost } from '../price-options.js';
import type { ProgramHost } from '../program-host.js';
import { createProgressBar } from '../progress-bar.js';
import { quantityText } from '../quantity-text.js';
import { openStateFile } from '../state-file.js';
import { runTransfer, verifiedText } from '../run-transfer.js';
import {
  DRY_RUN_OPTION,
  PARTLY_EXIT,
  RATE_OPTION,
  stateFileOption,
  transferExitCodes,
  TRANSFER_OPTIONS,
  VERIFY_OPTION,
} from '../transfer-options.js';

const STATE_OPTION = stateFileOption('timestream-prometheus-import.json');

/** Of each kind so many lines are shown; the rest is counted. */
const MAX_LINES = 20;

export const IMPORT: CommandDefinition = {
  name: 'import',
  summary: 'Store what a Prometheus holds: its blocks, text, or what another server answers to remote read.',
  details:
    'A source is a block of Prometheus (or its data folder with all blocks), which is read as it is, staleness markers and native histograms included; a file with OpenMetrics text or with what `promtool tsdb dump` prints; or the address of a server, asked by remote read for --match from --start to --end. Before it starts it says how much it will store and what that is metered. It may be stopped at any moment, also by kill -9: the next run goes on. What is broken is named by file, line or block, and reason; everything else is stored. Samples that are older than the retention of the table are refused by Timestream: see table describe.',
  args: [
    {
      name: 'source',
      help: 'A block, a folder with blocks, a file with text, or an http(s) address.',
      isRequired: true,
      completes: 'file',
    },
  ],
  connectorOptions: [...DESTINATION_OPTIONS, 'tableLayout', 'maxWriteConcurrency', 'maxWriteRetries'],
  ownOptions: [OUTPUT_OPTION, ...TRANSFER_OPTIONS, STATE_OPTION, WRITE_PRICE_OPTION, QUERY_PRICE_OPTION, ...ACCESS_OPTIONS],
  examples: [
    { line: 'import /var/lib/prometheus --storage=embedded', meaning: 'all blocks of a Prometheus' },
    {
      line: 'import dump.txt --dry-run --price-per-million-writes=0.50 --default-database=metrics --default-table=prometheus',
      meaning: 'what it would cost',
    },
    {
      line: 'import http://prometheus:9090 --start=30d --max-samples-per-second=20000 --default-database=metrics --default-table=prometheus',
      meaning: 'a month from another server, gently',
    },
  ],
  exitCodes: transferExitCodes('everything is stored, and was compared if asked for'),
  async run(input, host) {
    const opened = await openSource(input.args[0] ?? '', input, host);
    try {
      return await runTransfer(input.flags, host, (destination) => runImport(opened, destination, input, host));
    } finally {
      await opened.close();
    }
  },
};

async function runImport(
  { source, description }: OpenedSource,
  destination: Destination,
  { own }: CommandInput,
  host: ProgramHost,
): Promise<number> {
  const signal = host.stopSignal;
  const say = (text: string): void => (own['output'] === 'json' ? undefined : host.writeOut(text));
  const identity = `${source.identity} into ${destination.description}`;
  const state = openStateFile<ImportProgress>(own[STATE_OPTION.flag] as string, identity);
  const resumeFrom = state.load();
  const price = own[WRITE_PRICE_OPTION.flag] as number | undefined;

  say(`From ${description}\nInto ${destination.description}\n`);
  const table = await destination.admin.describeTable(signal).catch(() => undefined);
  const estimate = await estimateImport(source, destination.config, table, Date.now(), signal);
  const { leastVerifyQueries } = estimate;
  const verification =
    own[VERIFY_OPTION.flag] === true && leastVerifyQueries !== undefined
      ? queriesEstimate(leastVerifyQueries, own[QUERY_PRICE_OPTION.flag] as number | undefined)
      : undefined;
  const shownEstimate = { ...estimate, cost: costOf(estimate, price), verification };
  say(estimateText(estimate, price));
  if (verification !== undefined)
    say(
      `The comparison afterwards takes this many queries or more: ${verification.queries}, ${leastMeteredText(verification)}; --verify=false leaves it out\n`,
    );
  if (own[DRY_RUN_OPTION.flag] === true) {
    if (own['output'] === 'json') host.writeOut(`${JSON.stringify({ estimate: shownEstimate }, undefined, 2)}\n`);
    return 0;
  }
  if (resumeFrom !== undefined) say(`Going on after ${quantityText(resumeFrom.samples, 'sample')} (${state.path})\n`);

  const progressBar = createProgressBar(host, 'importing', source.size);
  const lines = { faults: 0, refusals: 0 };
  const rate = own[RATE_OPTION.flag] as number;
  let progress: ImportProgress;
  try {
    progress = await importSamples({
      source,
      target: { connector: destination.connector, authorization: undefined },
      maxSamplesPerSecond: rate === 0 ? undefined : rate,
      resumeFrom,
      nowMs: () => Date.now(),
      wait: (ms, waitSignal) => waitFor(ms, undefined, { signal: waitSignal }),
      signal,
      events: {
        // oxlint-disable-next-line typescript/require-await -- it is on the disk when it returns
        async onProgress(now) {
          state.save({ ...now, identity });
          progressBar.show(now.done, now.samples);
        },
        onFault({ place, reason }) {
          lines.faults += 1;
          if (lines.faults <= MAX_LINES) progressBar.line(`${place}: ${reason}`);
        },
        onRefused(count, line) {
          lines.refusals += 1;
          if (lines.refusals <= MAX_LINES) progressBar.line(`refused (${count}): ${line}`);
        },
        onRetry: (line, waitMs) => progressBar.line(`again in ${Math.round(waitMs / 1000)} s: ${line}`),
      },
    });
  } finally {
    progressBar.end();
  }
  for (const [kind, count] of Object.entries(lines)) if (count > MAX_LINES) host.writeErr(`and ${count - MAX_LINES} more ${kind}\n`);
  say(
    `${quantityText(progress.samples - progress.refusedSamples, 'sample')} stored, ${progress.refusedSamples} refused, ${quantityText(progress.sourceFaults, 'broken place')} in the source\n`,
  );

  let verified: VerifyResult | undefined;
  if (own[VERIFY_OPTION.flag] === true) {
    const comparing = createProgressBar(host, 'comparing', source.size);
    verified = await verifySamples({
      source,
      target: { connector: destination.connector, authorization: undefined, path: '/api/v1/read' },
      onProgress: (done) => comparing.show(done, 0),
      signal,
    }).finally(() => comparing.end());
    say(verifiedText(verified));
  }
  state.remove();
  const isWhole =
    progress.refusedSamples === 0 && progress.sourceFaults === 0 && (verified === undefined || verified.missing + verified.different === 0);
  if (own['output'] === 'json') {
    const { samples, refusedSamples, sourceFaults } = progress;
    host.writeOut(`${JSON.stringify({ estimate: shownEstimate, samples, refusedSamples, sourceFaults, verified }, undefined, 2)}\n`);
  }
  return isWhole ? 0 : PARTLY_EXIT.code;
}

function costOf({ meteredKiB }: ImportEstimate, price: number | undefined): number | undefined {
  return meteredKiB === undefined ? undefined : writeCost(meteredKiB, price);
}

function estimateText(estimate: ImportEstimate, price: number | undefined): string {
  const { samples, meteredKiB, sampledSamples, refused } = estimate;
  const cost = costOf(estimate, price);
  return [
    `About ${samples ?? 'an unknown number of'} samples, metered ${meteredKiB ?? 'unknown'} KiB${cost === undefined ? '' : `, which cost ${priceText(cost)}`} (from the first ${sampledSamples})\n`,
    ...refused.map(({ reason, count, example }) => `Of these first ones ${count} would be refused: ${reason}: ${example}\n`),
  ].join('');
}

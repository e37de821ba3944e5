import { readFileSync } from 'node:fs';
import {
  explainRead,
  explainWrite,
  parseBoolean,
  parseFileName,
  questionsOfQuery,
  questionsOfReadBody,
  readColumns,
  type ReadExplanation,
  type ReadMeasure,
  type WriteExplanation,
} from '@timestream-prometheus/connector/operations';
import { createLogger } from '../../logger.js';
import { DESTINATION_OPTIONS, MISUSE_EXIT, OUTPUT_OPTION, type CommandDefinition, type CommandInput } from '../command-definition.js';
import { workAtDestination, type Destination } from '../open-destination.js';
import { priceText, QUERY_PRICE_OPTION, queryCost, WRITE_PRICE_OPTION, writeCost } from '../price-options.js';
import type { ProgramHost } from '../program-host.js';
import { fileError } from '../startup-error.js';
import { parseTimeMs, TIME_OPTIONS } from '../time-options.js';
import { quantityText } from '../quantity-text.js';
import { wrapText } from '../wrap-text.js';

const TIMEOUT_MS = 600_000;

export const EXPLAIN: CommandDefinition = {
  name: 'explain',
  summary: 'Show what a query or a captured request becomes at Timestream, and what it costs.',
  details:
    'For a selector or a PromQL query, or a captured remote-read body: the SQL, which matchers Timestream evaluates and why not the others, and with --run pages, rows, bytes and cost. For a captured remote-write body: records, batches, what is metered, and what would be refused and why; nothing is written. A captured body is the body of the HTTP request as it travels, snappy and protobuf.',
  args: [{ name: 'query', help: 'A selector or a PromQL query.', isRequired: false, completes: 'nothing' }],
  connectorOptions: [
    ...DESTINATION_OPTIONS,
    'tableLayout',
    'failOnLongLabel',
    'failOnInvalidSampleValue',
    'readStrategy',
    'regexPushdown',
    'promqlPushdown',
  ],
  ownOptions: [
    OUTPUT_OPTION,
    ...TIME_OPTIONS,
    {
      flag: 'step',
      defaultText: '0',
      kind: 'value',
      placeholder: '<seconds>',
      help: 'Seconds between the points of a range query; 0: a selector is read from --start to --end, a query is evaluated at --end.',
      parse: (text) => (/^\d{1,7}$/.test(text) ? { value: Number(text) } : { rule: 'a whole number of seconds' }),
    },
    {
      flag: 'run',
      defaultText: 'false',
      kind: 'boolean',
      placeholder: '<true|false>',
      help: 'Read it, and measure. On Amazon Timestream that is charged like any read.',
      parse: parseBoolean,
    },
    {
      flag: 'read-body',
      defaultText: '',
      kind: 'value',
      placeholder: '<file>',
      help: 'A captured remote-read body instead of a query.',
      parse: parseFileName,
    },
    {
      flag: 'write-body',
      defaultText: '',
      kind: 'value',
      placeholder: '<file>',
      help: 'A captured remote-write body instead of a query.',
      parse: parseFileName,
    },
    {
      flag: 'remote-write-version',
      defaultText: '1.0',
      kind: 'value',
      placeholder: '<version>',
      choices: ['1.0', '2.0'],
      help: 'The message of --write-body.',
      parse: (text) => (text === '1.0' || text === '2.0' ? { value: text } : { rule: '1.0 or 2.0' }),
    },
    WRITE_PRICE_OPTION,
    QUERY_PRICE_OPTION,
  ],
  examples: [
    { line: 'explain \'up{job=~"node.*"}\' --storage=embedded', meaning: 'the SQL of a selector' },
    {
      line: "explain 'sum by (job) (rate(http_requests_total[5m]))' --storage=embedded --run",
      meaning: 'what each selector of a query reads',
    },
    {
      line: 'explain --write-body=body.bin --storage=embedded --price-per-million-writes=0.50',
      meaning: 'what a request costs and what of it is refused',
    },
  ],
  exitCodes: [
    { code: 0, meaning: 'explained' },
    { code: 1, meaning: 'it cannot be: the query or the body is wrong, or Timestream refused; the line says why' },
    MISUSE_EXIT,
  ],
  async run(input, host) {
    const { own, args, flags } = input;
    const given = [args[0] ?? '', own['read-body'] as string, own['write-body'] as string].filter((text) => text !== '');
    if (given.length !== 1) {
      host.writeErr('timestream-prometheus: give one of: a query, --read-body, --write-body (see timestream-prometheus explain --help)\n');
      return MISUSE_EXIT.code;
    }
    const signal = AbortSignal.any([host.stopSignal, AbortSignal.timeout(TIMEOUT_MS)]);
    return workAtDestination(flags, host, async (destination) => {
      if (own['write-body'] !== '') await explainWriteBody(input, host, destination, signal);
      else await explainQuestions(input, host, destination, signal);
      return 0;
    });
  },
};

function readBody(option: string, file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw fileError(error, option, file);
  }
}

async function explainQuestions(
  { own, args }: CommandInput,
  host: ProgramHost,
  { config, storage, metrics }: Destination,
  signal: AbortSignal,
): Promise<void> {
  const nowMs = Date.now();
  const endMs = parseTimeMs(own['end'] as string, nowMs);
  const startMs = parseTimeMs(own['start'] as string, nowMs);
  const stepMs = (own['step'] as number) * 1000;
  const file = own['read-body'] as string;
  const questions =
    file !== ''
      ? questionsOfReadBody(readBody('read-body', file), config)
      : await questionsOfQuery(
          args[0] ?? '',
          { startMs: stepMs === 0 ? endMs : startMs, endMs, stepMs },
          config,
          stepMs === 0 ? startMs : undefined,
        );
  const explanations = await explainRead(questions, {
    config,
    source: storage,
    logger: createLogger({ enabled: false, level: 'error', format: 'logfmt' }, host.log),
    isRun: own['run'] === true,
    meteredBytes: async () =>
      (await metrics.collect()).find(({ name }) => name === 'timestream_connector_metered_query_bytes_total')?.value ?? 0,
    signal,
  });
  const price = own[QUERY_PRICE_OPTION.flag] as number | undefined;
  if (own['output'] === 'json') {
    const withCost = explanations.map((each) => ({
      ...each,
      cost: each.measure === undefined ? undefined : queryCost(each.measure.meteredBytes, price),
    }));
    host.writeOut(`${JSON.stringify({ questions: withCost }, undefined, 2)}\n`);
    return;
  }
  for (const [index, explanation] of explanations.entries()) host.writeOut(`${index === 0 ? '' : '\n'}${readText(explanation, price)}`);
}

/** What of the evaluation Timestream does; null if none. */
function pushedText({ newestOnly, bins, aggregation }: ReadExplanation['question']): string | null {
  if (aggregation !== null) {
    const { operator, grouping, without, steps } = aggregation;
    return `the aggregation itself: ${operator} ${without ? 'without' : 'by'} (${grouping.join(', ')}) at ${quantityText(steps, 'moment')}`;
  }
  if (newestOnly) return 'of each series only the newest sample';
  if (bins === null) return null;
  return `of each series and ${bins.widthMs / 1000} s only ${NEEDS[bins.need]}`;
}

const NEEDS: Readonly<Record<NonNullable<ReadExplanation['question']['bins']>['need'], string>> = {
  newest: 'the newest sample',
  last: 'the newest sample that is no staleness marker',
  count: 'how many samples there are',
  least: 'the samples that may be the least',
  greatest: 'the samples that may be the greatest',
  changes: 'the first sample and those that differ from the one before',
};

function tookText({ statements, pages, rows, bytes, durationMs }: ReadMeasure): string {
  return `${quantityText(statements, 'statement')}, ${quantityText(pages, 'page')}, ${quantityText(rows, 'row')}, ${quantityText(bytes, 'byte')} of values, ${durationMs} ms`;
}

function readText({ question, matchers, sql, strategy, measure, measureOfAll }: ReadExplanation, price: number | undefined): string {
  const selector = question.matchers.map(({ name, type, value }) => `${name}${type}${JSON.stringify(value)}`).join(', ');
  const time = (ms: number): string => new Date(ms).toISOString();
  const lines = [
    `{${selector}}\n`,
    wrapText('  time        ', `${time(question.fromMs)} to ${time(question.toMs)}`),
    wrapText(
      '  pushed down ',
      pushedText(question) ?? 'nothing but matchers and times: every sample is needed, or it is switched off (--promql-pushdown)',
    ),
    wrapText('  read as     ', strategy === 'packed' ? 'packed rows: the points of a series together' : 'one row for each sample'),
    '  matchers\n',
    ...matchers.map(({ matcher, pushdown, sql: condition, reason }) =>
      wrapText(
        `    ${pushdown.padEnd(9)} `,
        `${matcher.name}${matcher.type}${JSON.stringify(matcher.value)}: ${reason}${condition === null ? '' : `. In SQL: ${condition}`}`,
      ),
    ),
    sql === null ? wrapText('  SQL         ', 'nothing is asked: no series of the table can match') : `  SQL\n    ${sql}\n`,
  ];
  if (measure !== undefined) {
    const { meteredBytes, series, samples } = measure;
    const cost = queryCost(meteredBytes, price);
    lines.push(
      wrapText('  took        ', tookText(measure)),
      ...(measureOfAll === undefined
        ? []
        : [wrapText('  without it  ', `${tookText(measureOfAll)}, ${quantityText(measureOfAll.samples, 'sample')}`)]),
      wrapText('  answer      ', `${series} series, ${quantityText(samples, 'sample')}`),
      wrapText(
        '  metered     ',
        `${meteredBytes} bytes${cost === undefined ? '' : `, which cost ${priceText(cost)}`}${meteredBytes === 0 ? ' (an account that pays by compute units, or nothing was read)' : ''}`,
      ),
    );
  }
  return lines.join('');
}

async function explainWriteBody({ own }: CommandInput, host: ProgramHost, destination: Destination, signal: AbortSignal): Promise<void> {
  const { config, storage, admin } = destination;
  const tableName = `"${config.defaultDatabase}"."${config.defaultTable}"`;
  // What is not known of the table is left out: the rest is worth knowing without it.
  const columns = await readColumns(storage, tableName, signal).catch(() => undefined);
  const table = await admin.describeTable(signal).catch(() => undefined);
  const explanation = explainWrite(readBody('write-body', own['write-body'] as string), own['remote-write-version'] as '1.0' | '2.0', {
    config,
    tableDimensions: columns?.filter(({ kind }) => kind === 'DIMENSION').map(({ name }) => name),
    table,
    nowMs: Date.now(),
  });
  const cost = writeCost(explanation.meteredKiB, own[WRITE_PRICE_OPTION.flag] as number | undefined);
  host.writeOut(own['output'] === 'json' ? `${JSON.stringify({ ...explanation, cost }, undefined, 2)}\n` : writeText(explanation, cost));
}

function writeText(explanation: WriteExplanation, cost: number | undefined): string {
  const { series, samples, histograms, exemplars, metadata, metricNames, records, batches, meteredKiB, newDimensions, refused } =
    explanation;
  const { minTimeMs, maxTimeMs } = explanation;
  const lines = [
    wrapText(
      '  request     ',
      [
        `${series} series of ${quantityText(metricNames, 'metric')}: ${quantityText(samples, 'sample')}`,
        quantityText(histograms, 'histogram'),
        quantityText(exemplars, 'exemplar'),
        quantityText(metadata, 'metadata entry', 'metadata entries'),
      ].join(', '),
    ),
    ...(minTimeMs === undefined || maxTimeMs === undefined
      ? []
      : [wrapText('  time        ', `${new Date(minTimeMs).toISOString()} to ${new Date(maxTimeMs).toISOString()}`)]),
    wrapText('  becomes     ', `${quantityText(records, 'record')} in ${quantityText(batches, 'WriteRecords call')}`),
    wrapText('  metered     ', `${meteredKiB} KiB${cost === undefined ? '' : `, which cost ${priceText(cost)}`}`),
  ];
  if (newDimensions === undefined) lines.push(wrapText('  dimensions  ', 'the table could not be looked at'));
  else if (newDimensions.length > 0) lines.push(wrapText('  new to the table ', newDimensions.join(' ')));
  if (refused.length === 0) lines.push(wrapText('  refused     ', 'nothing'));
  for (const { reason, count, example, outcome } of refused)
    lines.push(wrapText('  refused     ', `${count} ${outcome}: ${reason}: ${example}`));
  return lines.join('');
}

import { AdjustableClock, type EmbeddedClock } from '../clock.js';
import type { FaultInjector, FaultScope } from '../fault-injector.js';
import { ServiceError, validationError } from '../service-error.js';
import type { EmbeddedUsage } from '../usage-counters.js';
import { parseModel, structure } from '../wire/model-shape.js';

export interface ControlOptions {
  readonly faults: FaultInjector;
  readonly clock: EmbeddedClock;
  readonly usage: () => EmbeddedUsage;
  /** Forgets all data and starts as the server was started. */
  readonly reset: () => Promise<void>;
  /** Writes a file's worth of records; gives how many were stored. */
  readonly load: (text: string) => Promise<number>;
}

/** A request to the server itself, beside the service's protocol: `/_timestream/<name>`. */
export interface ControlRequest {
  readonly method: string;
  readonly name: string;
  readonly text: string;
}

const scope = { type: 'string', values: ['WriteRecords', 'Query', '*'] } as const;
const count = { type: 'integer', min: 0, max: 1_000_000 } as const;
const planned = structure({ count, scope }, 'count');
const milliseconds = { type: 'integer', min: 0, max: 86_400_000 } as const;

const faultsShape = structure({
  clear: { type: 'boolean' },
  throttleNext: planned,
  failNext: structure({ count, httpStatus: { type: 'integer', min: 500, max: 599 }, scope }, 'count'),
  dropConnectionNext: planned,
  dropAnswerNext: planned,
  delay: structure({ delayMs: milliseconds, scope }, 'delayMs'),
  splitPages: structure({ maxRowsPerPage: { type: 'integer', min: 1, max: 1000 }, emptyPages: { type: 'integer', min: 0, max: 100 } }),
  hideNewerThanMs: milliseconds,
  misanswer: structure({
    doubleDigits: { type: 'integer', min: 1, max: 17 },
    castDoubleDigits: { type: 'integer', min: 1, max: 17 },
    maxJoinedCharacters: { type: 'integer', min: 0 },
    reordersAggregates: { type: 'boolean' },
  }),
});

const clockShape = structure({
  /** ISO 8601. */
  now: { type: 'string', min: 1 },
  advanceMs: { type: 'integer' },
  frozen: { type: 'boolean' },
  reset: { type: 'boolean' },
});

/** Answers one control request. @throws {ServiceError} for a name or a body that there is not. */
export async function answerControl({ method, name, text }: ControlRequest, options: ControlOptions): Promise<object> {
  switch (`${method} ${name}`) {
    case 'GET usage':
      return options.usage();
    case 'POST faults':
      planFaults(options.faults, parseModel(faultsShape, parseBody(text)));
      return {};
    case 'POST clock':
      return setClock(options.clock, parseModel(clockShape, parseBody(text)));
    case 'POST reset':
      await options.reset();
      return {};
    case 'POST load':
      return { recordsIngested: await options.load(text) };
    default:
      throw new ServiceError(
        'UnknownOperationException',
        'There are GET /_timestream/health and usage, and POST /_timestream/faults, clock, reset and load.',
      );
  }
}

function parseBody(text: string): unknown {
  try {
    return text.trim() === '' ? {} : JSON.parse(text);
  } catch (error) {
    throw new ServiceError('SerializationException', 'The request body is not valid JSON', { cause: error });
  }
}

function planFaults(faults: FaultInjector, given: ReturnType<typeof parseModel<typeof faultsShape>>): void {
  if (given.clear === true) faults.clear();
  const scopeOf = (each: { readonly scope?: FaultScope }): FaultScope => each.scope ?? '*';
  if (given.throttleNext) faults.throttleNext(given.throttleNext.count, scopeOf(given.throttleNext));
  if (given.failNext) faults.failNext(given.failNext.count, given.failNext.httpStatus ?? 500, scopeOf(given.failNext));
  if (given.dropConnectionNext) faults.dropConnectionNext(given.dropConnectionNext.count, scopeOf(given.dropConnectionNext));
  if (given.dropAnswerNext) faults.dropAnswerNext(given.dropAnswerNext.count, scopeOf(given.dropAnswerNext));
  if (given.delay) faults.delayMs(given.delay.delayMs, scopeOf(given.delay));
  if (given.splitPages) faults.splitPages(given.splitPages);
  if (given.hideNewerThanMs !== undefined) faults.hideNewerThanMs(given.hideNewerThanMs);
  if (given.misanswer) faults.misanswer(given.misanswer);
}

function setClock(clock: EmbeddedClock, given: ReturnType<typeof parseModel<typeof clockShape>>): object {
  if (!(clock instanceof AdjustableClock)) throw validationError('This server was started with a clock of its own, which cannot be set.');
  if (given.reset === true) clock.reset();
  if (given.frozen === true) clock.freeze();
  if (given.frozen === false) clock.resume();
  if (given.now !== undefined) {
    const timestampMs = Date.parse(given.now);
    if (Number.isNaN(timestampMs)) throw validationError(`'${given.now}' is not a time such as 2024-01-01T00:00:00Z.`);
    clock.set(timestampMs);
  }
  if (given.advanceMs !== undefined) clock.advance(given.advanceMs);
  return { now: new Date(clock.nowMs()).toISOString() };
}

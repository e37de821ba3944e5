import { ConnectorError } from '../errors/connector-error.js';
import { abortErrorOf } from '../concurrency/deadline.js';
import { METRIC_CATALOGUE, METRICS, type CounterDefinition } from '../metrics/metric-catalogue.js';
import type { Logger, MetricsSink } from '../ports.js';
import type { LeftOut } from '../write/written-headers.js';
import { errorOfFailure, failureMessageOf } from './failure-message.js';
import { Outbox, type ThreadPort } from './outbox.js';
import { ServedJob, type ServedWrite } from './served-job.js';
import type { CounterChange, FromWorker, Question, ToWorker, WorkerSettings } from './worker-messages.js';

/** A thread of its own that runs `serveWrites`. */
export interface WorkerThread extends ThreadPort {
  /** @param onEnd told once, when the thread has ended; the reason if it ended by itself */
  onEnd(onEnd: (reason: Error) => void): void;
  stop(): void;
}

export interface WriteWorkersOptions {
  readonly count: number;
  readonly startWorker: () => WorkerThread;
  readonly settings: WorkerSettings;
  readonly metrics: MetricsSink;
  readonly logger: Logger;
}

/**
 * Threads that do what a write is beside waiting: decompress, decode, translate, batch, and make the texts of its calls. What there is once stays
 * where it was: budget, turns, calls and retries, what is known of tables, metrics, log.
 *
 * A write goes to the first thread that has the least to do, so that few threads have their caches warm before the next one is begun; the thread of a
 * sender cannot be the same each time, for Prometheus gives its shards other connections and other series as it likes.
 */
export class WriteWorkers {
  readonly #options: WriteWorkersOptions;
  readonly #workers: (Worker | undefined)[];
  /** A thread that cannot be started will not start the next time either. */
  #isBroken = false;

  constructor(options: WriteWorkersOptions) {
    this.#options = options;
    this.#workers = new Array<Worker | undefined>(options.count).fill(undefined);
  }

  /**
   * @returns what a success leaves out; undefined if there is no worker, and nothing was done
   * @throws ConnectorError as the write does where there are no workers; worker-lost
   */
  async write(write: ServedWrite): Promise<readonly LeftOut[] | undefined> {
    const worker = this.#leastBusy();
    if (worker === undefined) return undefined;
    if (!worker.isReady && !(await worker.becomesReady)) return undefined;
    return worker.write(write);
  }

  close(): void {
    this.#isBroken = true;
    for (const worker of this.#workers) worker?.stop();
  }

  #leastBusy(): Worker | undefined {
    if (this.#isBroken) return undefined;
    let best = 0;
    let leastBusy = Infinity;
    for (let index = 0; index < this.#workers.length; index += 1) {
      const busyJobs = this.#workers[index]?.busyJobs ?? 0;
      if (busyJobs >= leastBusy) continue;
      best = index;
      leastBusy = busyJobs;
    }
    return (this.#workers[best] ??= this.#start(best));
  }

  #start(index: number): Worker {
    const { startWorker, settings, metrics, logger } = this.#options;
    const worker = new Worker(startWorker(), {
      settings,
      metrics,
      onEnd: (reason, wasReady) => {
        this.#workers[index] = undefined;
        if (this.#isBroken) return;
        metrics.add(METRICS.lostWorkers, 1);
        if (wasReady)
          logger.error({ err: reason }, 'a worker thread ended; its requests are to be sent again, and the next one gets a new thread');
        else {
          this.#isBroken = true;
          logger.error({ err: reason }, 'a worker thread could not be started: writes are done without workers');
        }
      },
    });
    return worker;
  }
}

interface WorkerContext {
  readonly settings: WorkerSettings;
  readonly metrics: MetricsSink;
  readonly onEnd: (reason: Error, wasReady: boolean) => void;
}

interface RunningJob {
  readonly served: ServedJob;
  readonly write: ServedWrite;
  readonly resolve: (leftOut: readonly LeftOut[]) => void;
  readonly reject: (error: Error) => void;
}

class Worker {
  /** False: it has ended without becoming so. */
  readonly becomesReady: Promise<boolean>;
  isReady = false;
  readonly #thread: WorkerThread;
  readonly #context: WorkerContext;
  readonly #outbox: Outbox<ToWorker>;
  readonly #jobs = new Map<number, RunningJob>();
  #sayReady: (isReady: boolean) => void = () => undefined;
  #hasEnded = false;

  constructor(thread: WorkerThread, context: WorkerContext) {
    this.#thread = thread;
    this.#context = context;
    this.#outbox = new Outbox<ToWorker>(thread);
    this.becomesReady = new Promise((resolve) => (this.#sayReady = resolve));
    thread.listen((messages) => {
      for (const message of messages as readonly FromWorker[]) this.#receive(message);
    });
    thread.onEnd((reason) => {
      this.#end(reason);
    });
    this.tell({ type: 'settings', settings: context.settings });
  }

  /** Those that wait for nobody but the worker. */
  get busyJobs(): number {
    let busyJobs = 0;
    for (const { served } of this.#jobs.values()) if (served.openQuestions === 0) busyJobs += 1;
    return busyJobs;
  }

  tell(message: ToWorker): void {
    if (!this.#hasEnded) this.#outbox.post(message);
  }

  stop(): void {
    this.#thread.stop();
  }

  async write(write: ServedWrite): Promise<readonly LeftOut[]> {
    const { body, version, nowMs, recordVersion, scope } = write;
    if (this.#hasEnded) throw workerLost();
    const job = ++lastJob;
    const giveUp = (failure: ConnectorError) => {
      this.tell({ type: 'abort', job, failure: failureMessageOf(failure) });
    };
    const onAbort = () => {
      giveUp(abortErrorOf(scope.signal));
    };
    const served = new ServedJob(write, giveUp);
    scope.signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await new Promise((resolve, reject) => {
        this.#jobs.set(job, { served, write, resolve, reject });
        this.tell({ type: 'write', job, body, version, nowMs, ...(recordVersion === undefined ? {} : { recordVersion }) });
        if (scope.signal.aborted) onAbort();
      });
    } finally {
      scope.signal.removeEventListener('abort', onAbort);
      this.#jobs.delete(job);
      served.end();
    }
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case 'ready':
        this.isReady = true;
        this.#sayReady(true);
        break;
      case 'counts':
        for (const change of message.counts) addChange(change, this.#context.metrics);
        break;
      case 'question':
        void this.#answer(message.job, message.question, message.asked);
        break;
      case 'note':
        this.#jobs.get(message.job)?.served.note(message.note);
        break;
      case 'stored':
      case 'failed': {
        const running = this.#jobs.get(message.job);
        if (running === undefined) break;
        Object.assign(running.write.written, message.written);
        if (message.type === 'stored') running.resolve(message.leftOut);
        else running.reject(errorOfFailure(message.failure));
        break;
      }
    }
  }

  async #answer(job: number, question: number, asked: Question): Promise<void> {
    const served = this.#jobs.get(job)?.served;
    if (served === undefined) return;
    served.openQuestions += 1;
    try {
      const answer = await served.answer(asked);
      this.tell({ type: 'answer', question, answer });
    } catch (error) {
      this.tell({ type: 'refusal', question, failure: failureMessageOf(error) });
    } finally {
      served.openQuestions -= 1;
    }
  }

  #end(reason: Error): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#context.onEnd(reason, this.isReady);
    this.#sayReady(false);
    for (const { reject } of this.#jobs.values()) reject(workerLost(reason));
  }
}

let lastJob = 0;

function workerLost(cause?: Error): ConnectorError {
  return new ConnectorError('worker-lost', 'the thread that worked on the request has ended', cause === undefined ? {} : { cause });
}

const COUNTERS = new Map(
  METRIC_CATALOGUE.flatMap((metric) => (metric.type === 'counter' ? [[metric.name, metric as CounterDefinition]] : [])),
);

function addChange({ name, labels, value }: CounterChange, metrics: MetricsSink): void {
  const counter = COUNTERS.get(name);
  if (counter === undefined) throw new TypeError(`a worker counts ${name}, which is no counter`);
  if (labels === undefined) metrics.add(counter as CounterDefinition<never>, value);
  else metrics.add(counter, value, labels);
}

import { createSnappyDecoder, decodeSnappy, LabelSetCache, type SnappyDecoder } from '@timestream-prometheus/prom-codec';
import { SeriesCache } from '@timestream-prometheus/timestream-translator';
import { Turns } from '../concurrency/turns.js';
import { CountedMetrics } from './counted-metrics.js';
import { errorOfFailure, failureMessageOf } from './failure-message.js';
import { Outbox, type ThreadPort } from './outbox.js';
import { ReplicaTables } from './replica-table.js';
import type { Answers, FromWorker, Note, Question, ToWorker, WorkerSettings, WriteOrder } from './worker-messages.js';
import { WorkerJob, type JobLink } from './worker-job.js';

export interface ServeWritesOptions {
  /** As `ConnectorOptions.uncompressSnappy`. */
  readonly uncompressSnappy?: ((block: Uint8Array) => Uint8Array) | undefined;
}

/**
 * What a worker thread does: all of a write that needs no socket, for the connector at the other end of the port. It opens nothing, logs nothing, and
 * knows no credential.
 */
export function serveWrites(port: ThreadPort, { uncompressSnappy }: ServeWritesOptions = {}): void {
  const service = new WriteService(port, uncompressSnappy === undefined ? decodeSnappy : createSnappyDecoder(uncompressSnappy));
  port.listen((messages) => {
    for (const message of messages as readonly ToWorker[]) service.receive(message);
  });
  service.sayReady();
}

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

class WriteService {
  readonly #outbox: Outbox<FromWorker>;
  readonly #decodeSnappy: SnappyDecoder;
  readonly #metrics = new CountedMetrics();
  readonly #jobs = new Map<number, AbortController>();
  readonly #waiting = new Map<number, Waiting>();
  #lastQuestion = 0;
  #tools: Tools | undefined;

  constructor(port: ThreadPort, snappyDecoder: SnappyDecoder) {
    this.#decodeSnappy = snappyDecoder;
    this.#outbox = new Outbox<FromWorker>(port, () => {
      const counts = this.#metrics.take();
      return counts.length === 0 ? [] : [{ type: 'counts', counts }];
    });
  }

  sayReady(): void {
    this.#outbox.post({ type: 'ready' });
  }

  receive(message: ToWorker): void {
    switch (message.type) {
      case 'settings':
        this.#tools = createTools(message.settings);
        break;
      case 'write':
        void this.#write(message);
        break;
      case 'abort':
        this.#jobs.get(message.job)?.abort(errorOfFailure(message.failure));
        break;
      case 'answer':
        this.#take(message.question)?.resolve(message.answer as never);
        break;
      case 'refusal':
        this.#take(message.question)?.reject(errorOfFailure(message.failure));
        break;
    }
  }

  async #write(order: WriteOrder): Promise<void> {
    const { job } = order;
    const aborting = new AbortController();
    this.#jobs.set(job, aborting);
    const written = { samples: 0, histograms: 0, exemplars: 0 };
    try {
      if (this.#tools === undefined) throw new TypeError('a write came before the settings');
      const work = new WorkerJob(order, {
        ...this.#tools,
        decodeSnappy: this.#decodeSnappy,
        metrics: this.#metrics,
        link: this.#linkOf(job),
        aborting,
        written,
      });
      const leftOut = await work.run();
      this.#outbox.post({ type: 'stored', job, written, leftOut });
    } catch (error) {
      this.#outbox.post({ type: 'failed', job, written, failure: failureMessageOf(error) });
    } finally {
      this.#jobs.delete(job);
    }
  }

  #linkOf(job: number): JobLink {
    return {
      ask: <Kind extends Question['kind']>(asked: Question & { readonly kind: Kind }, transferred?: ArrayBuffer) =>
        new Promise<Answers[Kind]>((resolve, reject) => {
          const question = ++this.#lastQuestion;
          this.#waiting.set(question, { resolve, reject });
          this.#outbox.post({ type: 'question', job, question, asked }, transferred);
        }),
      note: (note: Note) => {
        this.#outbox.post({ type: 'note', job, note });
      },
    };
  }

  #take(question: number): Waiting | undefined {
    const waiting = this.#waiting.get(question);
    this.#waiting.delete(question);
    return waiting;
  }
}

interface Tools {
  readonly settings: WorkerSettings;
  readonly labelSets: LabelSetCache;
  readonly series: SeriesCache;
  readonly turns: Turns;
  readonly tables: ReplicaTables;
}

function createTools(settings: WorkerSettings): Tools {
  return {
    settings,
    labelSets: new LabelSetCache({ maxBytes: settings.labelSetBytes }),
    series: new SeriesCache({ maxBytes: settings.seriesBytes }),
    turns: new Turns(),
    tables: new ReplicaTables(settings.maxTables),
  };
}

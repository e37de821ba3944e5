import type { ConnectorResponse } from '../seam.js';
import { trackBody } from './track-body.js';

/** A response, and when nothing of the work on it is left. */
export interface Answer {
  readonly response: ConnectorResponse;
  /** Rejects with the failure of a body that had begun. A body in one piece is done before. */
  readonly done: Promise<void>;
}

/** Gives the response away; resolves when its body was read to its end. The signal is the one of the work. */
export type GiveAnswer = (response: ConnectorResponse, signal: AbortSignal) => Promise<void>;

/** An answer that is there, whole. */
export function answered(response: ConnectorResponse): Answer {
  return { response, done: Promise.resolve() };
}

/**
 * The answer that `work` gives, once. A body that comes in parts is handed on at once, and the work goes on for as long as it is read: so what
 * the work holds (a storage, a place, its time) it holds until then.
 *
 * @throws whatever the work throws before it gives an answer
 */
export function answerOf(work: (give: GiveAnswer) => Promise<void>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let whole: ConnectorResponse | undefined;
    const give: GiveAnswer = async (response, signal) => {
      if (response.body instanceof Uint8Array) {
        whole = response;
        return;
      }
      const { body, ended } = trackBody(response.body, signal);
      resolve({ response: { ...response, body }, done });
      await ended;
    };
    // Not before `done` has a value.
    const done = Promise.resolve().then(() => work(give));
    done.then(() => {
      if (whole !== undefined) resolve(answered(whole));
      else reject(new Error('the work ended without an answer'));
    }, reject);
  });
}

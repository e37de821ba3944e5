import { request as httpRequest } from 'node:http';
import { BASIC } from './processes.mjs';

/** @typedef {{ readonly status: number; readonly text: string; readonly retryAfterMs?: number }} WriteAnswer */

/**
 * Sends a body of remote write 1.0 as Prometheus does, but over the agent that is given.
 *
 * @param {string} url
 * @param {{ readonly agent: import('node:http').Agent; readonly body: Uint8Array; readonly authorization?: string }} options
 * @returns {Promise<WriteAnswer>} status 0: the connection broke, and the text says how
 */
export function postWrite(url, { agent, body, authorization = BASIC }) {
  return new Promise((resolve) => {
    const fail = (/** @type {Error} */ error) => resolve({ status: 0, text: error.message });
    const request = httpRequest(url, {
      method: 'POST',
      agent,
      headers: {
        authorization,
        'content-type': 'application/x-protobuf',
        'content-encoding': 'snappy',
        'x-prometheus-remote-write-version': '0.1.0',
        'content-length': body.length,
      },
    });
    request.on('error', fail);
    request.on('response', (response) => {
      let text = '';
      response.on('data', (/** @type {Buffer} */ chunk) => {
        text += chunk.toString();
      });
      response.on('error', fail);
      response.on('end', () => {
        const seconds = response.headers['retry-after'];
        resolve({ status: response.statusCode ?? 0, text, ...(seconds === undefined ? {} : { retryAfterMs: Number(seconds) * 1_000 }) });
      });
    });
    request.end(body);
  });
}

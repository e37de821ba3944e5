import { arrayCallbacks, joinCallback } from './array-callbacks.js';
import type { Callback } from './callback.js';
import { regexCallbacks } from './regex-callbacks.js';
import { seriesCallbacks } from './series-callbacks.js';
import { statisticsCallbacks } from './statistics-callbacks.js';
import { textCallbacks } from './text-callbacks.js';
import { timeCallbacks } from './time-callbacks.js';

/** Every function that the statements of this engine call back for. Whoever runs them registers these first. */
export const callbacks: readonly Callback[] = [
  ...textCallbacks,
  ...regexCallbacks,
  ...timeCallbacks,
  ...seriesCallbacks,
  ...statisticsCallbacks,
  ...arrayCallbacks,
  joinCallback,
];

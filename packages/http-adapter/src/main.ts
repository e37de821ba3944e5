#!/usr/bin/env node
import { destination } from 'pino';
import { readSecret } from './cli/read-secret.js';
import { runProgram } from './cli/run-program.js';
import type { ServingConnector } from './cli/start-serving.js';

/** Exit code of a process that was told twice to stop: 128 + SIGINT, as a shell reports it. */
const interruptedExitCode = 130;

const stopController = new AbortController();

/** The first signal asks to stop, at whatever moment it comes; the second one does not wait. */
const stopSignal = new Promise<void>((resolve) => {
  let signals = 0;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      signals += 1;
      if (signals > 1) process.exit(interruptedExitCode);
      stopController.abort();
      resolve();
    });
  }
});

/** Node prints its own and the AWS SDK's warnings over several lines in the middle of what a person reads; they are lines of the log. */
const warnings: Error[] = [];
let reportWarning = (warning: Error): void => void warnings.push(warning);
process.removeAllListeners('warning');
process.on('warning', (warning) => reportWarning(warning));

function waitForStop(serving: ServingConnector): Promise<void> {
  // A defect in the background of one request is no reason to end all the others.
  process.on('unhandledRejection', (error) => serving.logger.error({ err: error }, 'a promise was rejected and nobody was listening'));
  reportWarning = ({ name, message }) => serving.logger.warn({ warning: name }, message.replaceAll(/\s+/g, ' '));
  for (const warning of warnings.splice(0)) reportWarning(warning);
  return stopSignal;
}

const exitCode = await runProgram(process.argv.slice(2), {
  env: process.env,
  writeOut: (text) => process.stdout.write(text),
  writeErr: (text) => process.stderr.write(text),
  isErrTerminal: process.stderr.isTTY,
  stopSignal: stopController.signal,
  readSecret,
  // Written at once: the last lines before an exit are those that are needed most.
  log: destination({ fd: 2, sync: true }),
  waitForStop,
});
process.exitCode = exitCode;
// Everything is closed, so the process ends by itself as soon as its output is written; if something still holds it, it ends anyway.
setTimeout(() => process.exit(), 1_000).unref();

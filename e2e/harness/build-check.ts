import { existsSync } from 'node:fs';
import { connectorProgram } from './start-connector.js';

/** The end-to-end tests run what a user runs: the built program. */
export function setup(): void {
  if (!existsSync(connectorProgram))
    throw new Error(`${connectorProgram} does not exist: run the end-to-end tests by \`npm test\`, which builds first.`);
}

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { errnoOf, fileError, StartupError } from './startup-error.js';

/** Where a long piece of work has come to, so that the next run goes on there, however this one ends. */
export interface StateFile<State> {
  readonly path: string;
  /** Undefined if there is none. @throws StartupError if it is not one of this work */
  load(): State | undefined;
  /** Whole, or as it was before: also when the power fails. */
  save(state: State): void;
  remove(): void;
}

export function openStateFile<State extends { readonly identity: string }>(path: string, identity: string): StateFile<State> {
  return {
    path,
    load() {
      let text: string;
      try {
        text = readFileSync(path, 'utf8');
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') return undefined;
        throw fileError(error, 'state-file', path);
      }
      const state = parseState(text) as State | undefined;
      if (state?.identity === identity) return state;
      throw new StartupError(
        `--state-file: ${path} belongs to other work (${state?.identity ?? 'it cannot be read'}); remove it, or name another`,
      );
    },
    save(state) {
      const part = `${path}.part`;
      const file = openSync(part, 'w', 0o600);
      try {
        writeSync(file, `${JSON.stringify(state)}\n`);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(part, path);
    },
    remove() {
      rmSync(path, { force: true });
    },
  };
}

function parseState(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

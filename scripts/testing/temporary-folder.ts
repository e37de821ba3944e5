/**
 * Gives a run of tests a folder for temporary files, and removes it with all that is in it when the run is over: what a test, or a program that
 * it started and ended by force, left behind, too.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';

const PREFIX = 'timestream-prometheus-tests-';

let folder: string | undefined;

/**
 * vitest calls this for each project before its first test, and each project has this file for itself. The first call makes the folder; workers and
 * what they start inherit its name.
 */
export function setup(): void {
  if (path.basename(os.tmpdir()).startsWith(PREFIX)) return;
  folder = mkdtempSync(path.join(os.tmpdir(), PREFIX));
  process.env['TMPDIR'] = folder;
}

/** vitest calls this for each project after the last test of all. */
export function teardown(): void {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

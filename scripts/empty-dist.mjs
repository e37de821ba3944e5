/**
 * Empties `dist` of the package in whose folder it runs, before a build. The compiler removes nothing: what an earlier build made of a file
 * that has since been moved would be packed with the rest.
 */
import { rmSync } from 'node:fs';

rmSync('dist', { recursive: true, force: true });

import { spawn } from 'node:child_process';
import path from 'node:path';
import { build, install, repositoryRoot } from './setup.mjs';

install();
build();

const options = process.argv.slice(2);
// A word that comes first is another command than `serve`.
const namesCommand = options[0] !== undefined && !options[0].startsWith('-');
const choosesStorage =
  process.env['storage'] !== undefined || options.some((option) => option === '--storage' || option.startsWith('--storage='));
const server = spawn(
  process.execPath,
  [
    path.join(repositoryRoot, 'packages', 'http-adapter', 'dist', 'program', 'main.js'),
    ...(namesCommand ? [] : ['serve']),
    ...options,
    ...(choosesStorage || options[0] === 'completion' ? [] : ['--storage=embedded']),
  ],
  { stdio: 'inherit' },
);
// The server stops by itself and in order; this process only waits for it. A terminal sends Ctrl-C to both.
process.on('SIGINT', () => undefined);
for (const signal of /** @type {const} */ (['SIGTERM', 'SIGHUP'])) process.on(signal, () => server.kill(signal));
server.on('exit', (code, signal) => {
  process.exitCode = signal ? 1 : (code ?? 1);
});

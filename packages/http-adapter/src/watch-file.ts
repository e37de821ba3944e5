import { unwatchFile, watchFile } from 'node:fs';

/**
 * Calls `onChange` when one of the files has become another one, also by a rename or a link that points elsewhere, which is how Kubernetes
 * replaces what it mounts. The files are looked at every `intervalMs`: notifications of the system miss both, and network file systems have
 * none. Gives what ends it; it does not keep the process alive.
 */
export function watchFiles(files: readonly string[], intervalMs: number, onChange: () => void): () => void {
  for (const file of files) watchFile(file, { interval: intervalMs, persistent: false }, onChange);
  return () => {
    for (const file of files) unwatchFile(file, onChange);
  };
}

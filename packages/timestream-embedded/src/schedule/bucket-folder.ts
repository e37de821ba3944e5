import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { validationError } from '../service-error.js';

/** Buckets of S3 as folders: `s3://bucket/key` is the file `<folder>/bucket/key`. */
export class BucketFolder {
  readonly #folder: string | undefined;

  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  get isThere(): boolean {
    return this.#folder !== undefined;
  }

  /** @throws {ServiceError} without a folder, and for a key that would lead out of its bucket. */
  async write(bucket: string, key: string, content: string | Uint8Array): Promise<void> {
    const file = this.#file(bucket, key);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }

  read(bucket: string, key: string): Promise<Buffer> {
    return readFile(this.#file(bucket, key));
  }

  /** Keys of the bucket that begin with the prefix, in order. */
  async list(bucket: string, prefix: string): Promise<string[]> {
    const root = this.#file(bucket, '');
    const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
      .filter((key) => key.startsWith(prefix))
      .sort();
  }

  #file(bucket: string, key: string): string {
    if (this.#folder === undefined)
      throw validationError(
        'There are no buckets: start the server with --buckets-dir (or --data-dir), where s3://bucket/key is bucket/key.',
      );
    const root = path.resolve(this.#folder, bucket);
    const file = path.resolve(root, key);
    if (!/^[a-z0-9][a-z0-9.-]*$/.test(bucket) || (file !== root && !file.startsWith(root + path.sep)))
      throw validationError(`'s3://${bucket}/${key}' is not a place in a bucket.`);
    return file;
  }
}

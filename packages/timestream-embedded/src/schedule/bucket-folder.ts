import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ServiceError, validationError } from '../service-error.js';

/** Buckets of S3 as folders: `s3://bucket/key` is the file `<folder>/bucket/key`. */
export class BucketFolder {
  readonly #folder: string | undefined;

  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  get isThere(): boolean {
    return this.#folder !== undefined;
  }

  /** @throws {ServiceError} without a folder, for a key that would lead out of its bucket, and for one that no file can have. */
  async write(bucket: string, key: string, content: string | Uint8Array): Promise<void> {
    const file = this.#file(bucket, key);
    try {
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, content);
    } catch (error) {
      throw fileError(`s3://${bucket}/${key} cannot be written`, error);
    }
  }

  /** @throws {ServiceError} as `write`, and when there is no such file. */
  async read(bucket: string, key: string): Promise<Buffer> {
    const file = this.#file(bucket, key);
    try {
      return await readFile(file);
    } catch (error) {
      throw fileError(`s3://${bucket}/${key} cannot be read`, error);
    }
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

const reasonsByCode: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such key',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the key is a file',
  EEXIST: 'a part of the key is a file',
  ENAMETOOLONG: 'the key, or a part of it, is longer than the file system takes',
  ENOSPC: 'the disk is full',
  EACCES: 'this user may not',
  EROFS: 'the file system is read-only',
  ERR_INVALID_ARG_VALUE: 'the key has a null byte',
};

/** The system's own text names the folder on this machine, which is nobody's business. */
function fileError(what: string, error: unknown): Error {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return new ServiceError('ValidationException', `${what}: ${reasonsByCode[code] ?? 'the file system refuses it'}.`, { cause: error });
}

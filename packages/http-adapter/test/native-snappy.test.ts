import { describe, expect, it } from 'vitest';
import { loadNativeSnappy } from '../src/native-snappy.js';

describe('native snappy', () => {
  it('uncompresses a block where its binding is installed', async () => {
    const uncompress = await loadNativeSnappy();
    expect(uncompress?.(Uint8Array.of(3, 8, 97, 98, 99))).toEqual(Buffer.from('abc'));
  });

  it('throws at a block that is cut', async () => {
    const uncompress = await loadNativeSnappy();
    expect(() => uncompress?.(Uint8Array.of(3, 8, 97))).toThrow();
  });

  it('is done without where it cannot be loaded', async () => {
    expect(await loadNativeSnappy(() => Promise.reject(new Error('no binding for this platform')))).toBeUndefined();
  });
});

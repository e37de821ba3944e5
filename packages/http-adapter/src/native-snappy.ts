/** What the package `snappy` gives, as far as it is used here. */
interface NativeSnappy {
  uncompressSync(block: Uint8Array, options: { readonly asBuffer: true; readonly copyOutputData: true }): string | Uint8Array;
}

/**
 * Native snappy, where its binding for this platform is installed; undefined elsewhere, where the codec's own does the work. The server package for a
 * machine without npm has no native code and comes without it.
 *
 * `copyOutputData` copies into memory of V8: without it each block is an external buffer, and freeing those takes longer than uncompressing.
 *
 * @param load imports the package
 */
export async function loadNativeSnappy(
  load: () => Promise<NativeSnappy> = () => import('snappy'),
): Promise<((block: Uint8Array) => Uint8Array) | undefined> {
  let native: NativeSnappy;
  try {
    native = await load();
  } catch {
    return undefined;
  }
  return (block) => {
    const bytes = native.uncompressSync(block, { asBuffer: true, copyOutputData: true });
    if (typeof bytes === 'string') throw new TypeError('snappy gave a text instead of bytes');
    return bytes;
  };
}

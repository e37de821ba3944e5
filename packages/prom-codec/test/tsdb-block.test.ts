import { describe, expect, it } from 'vitest';
import { crc32c } from '../src/crc32c.js';
import { CodecError, decodeStoredChunk, decodeTombstones, sizeOfStoredChunk, TsdbIndex } from '../src/index.js';

/** Big-endian numbers and texts one behind the other. */
function bytes(...parts: readonly (number | readonly [value: number | bigint, bytes: 4 | 8] | string | Uint8Array)[]): Uint8Array {
  return Buffer.concat(
    parts.map((part) => {
      if (typeof part === 'number') return Buffer.from([part]);
      if (typeof part === 'string') return Buffer.from(part);
      if (part instanceof Uint8Array) return Buffer.from(part);
      const [value, size] = part;
      const buffer = Buffer.alloc(size);
      if (size === 4) buffer.writeUInt32BE(Number(value));
      else buffer.writeBigUInt64BE(BigInt(value));
      return buffer;
    }),
  );
}

function checksum(covered: Uint8Array): Uint8Array {
  return bytes([crc32c(covered), 4]);
}

/** Two series, made as tsdb/docs/format/index.md says: `a{x="1"}` with two chunks, and one without chunks. */
function smallIndex(): Uint8Array {
  const symbols = bytes([4, 4], 1, '1', 8, '__name__', 1, 'a', 1, 'x');
  const symbolTable = bytes([symbols.length, 4], symbols, checksum(symbols));
  const seriesStart = Math.ceil((5 + symbolTable.length) / 16) * 16;
  // From -5 to 5, then from 7 to 10; at 8 of segment 1, then 100 bytes on.
  const first = bytes(2, 1, 2, 3, 0, 2, 9, 10, bytes(0x88, 0x80, 0x80, 0x80, 0x10), 2, 3, bytes(0xc8, 0x01));
  const second = bytes(1, 1, 2, 0);
  const entry = (body: Uint8Array): Uint8Array => {
    const whole = bytes(body.length, body, checksum(body));
    return Buffer.concat([whole, Buffer.alloc((16 - (whole.length % 16)) % 16)]);
  };
  const series = bytes(entry(first), entry(second));
  const head = Buffer.concat([bytes([0xbaaad700, 4], 2), symbolTable, Buffer.alloc(seriesStart - 5 - symbolTable.length), series]);
  const toc = bytes([5, 8], [seriesStart, 8], [head.length, 8], [0, 8], [0, 8], [0, 8]);
  return bytes(head, toc, checksum(toc));
}

describe('TsdbIndex', () => {
  it('reads series with their labels and the places of their chunks, one after the other', () => {
    const index = new TsdbIndex(smallIndex());
    const first = index.seriesAt(0);
    expect(first?.labels).toEqual([
      { name: '__name__', value: 'a' },
      { name: 'x', value: '1' },
    ]);
    expect(first?.chunks).toEqual([
      { minTimeMs: -5n, maxTimeMs: 5n, segment: 1, offset: 8 },
      { minTimeMs: 7n, maxTimeMs: 10n, segment: 1, offset: 108 },
    ]);
    const second = index.seriesAt(first?.end ?? 0);
    expect(second).toMatchObject({ labels: [{ name: '__name__', value: 'a' }], chunks: [] });
    expect(index.seriesAt(second?.end ?? 0)).toBeUndefined();
  });

  it('never takes a changed byte for anything, wherever it is', () => {
    const good = smallIndex();
    const read = (file: Uint8Array): unknown => {
      const index = new TsdbIndex(file);
      const first = index.seriesAt(0);
      return [first, index.seriesAt(first?.end ?? 0)];
    };
    const expected = read(good);
    for (let place = 0; place < good.length; place += 1) {
      const bad = Uint8Array.from(good, (byte, index) => (index === place ? byte ^ 0x41 : byte));
      try {
        // A byte between two parts is none of either.
        expect(read(bad)).toEqual(expected);
      } catch (error) {
        expect(error, `byte ${place}`).toBeInstanceOf(CodecError);
      }
    }
  });

  it('refuses every beginning of a file', () => {
    const good = smallIndex();
    for (let length = 0; length < good.length; length += 1) expect(() => new TsdbIndex(good.subarray(0, length))).toThrow(CodecError);
  });
});

describe('a stored chunk', () => {
  const content = bytes(1, 'abc');
  const stored = bytes(3, content, checksum(content));

  it('knows its size from its beginning, and its encoding', () => {
    expect(sizeOfStoredChunk(stored.subarray(0, 6))).toBe(stored.length);
    expect(decodeStoredChunk(stored)).toEqual({ encoding: 'xor', bytes: Buffer.from('abc') });
  });

  it('is refused with a wrong checksum, cut off, or in an encoding that is not known', () => {
    expect(() => decodeStoredChunk(bytes(3, 1, 'abd', checksum(content)))).toThrow(/checksum/);
    expect(() => decodeStoredChunk(stored.subarray(0, 5))).toThrow(CodecError);
    const other = bytes(9, 'abc');
    expect(() => decodeStoredChunk(bytes(3, other, checksum(other)))).toThrow(/encoding 9 is not known/);
  });
});

describe('decodeTombstones', () => {
  it('gives what was deleted of which series', () => {
    const entries = bytes(3, 9, 20, bytes(0x80, 0x01), 0, 2);
    const file = bytes([0x0130ba30, 4], 1, entries, checksum(entries));
    expect(decodeTombstones(file)).toEqual([
      { reference: 3, minTimeMs: -5n, maxTimeMs: 10n },
      { reference: 128, minTimeMs: 0n, maxTimeMs: 1n },
    ]);
    expect(() => decodeTombstones(bytes([0x0130ba30, 4], 1, entries, [0, 4]))).toThrow(/checksum/);
  });
});

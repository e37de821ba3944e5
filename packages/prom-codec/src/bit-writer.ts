/** Writes bits, the most significant first, continuing inside a byte (`tsdb/chunkenc/bstream.go`). */
export class BitWriter {
  #bytes: Uint8Array;
  #length = 0;
  #current = 0;
  #free = 8;

  /** @param expectedBytes room to begin with; it grows */
  constructor(expectedBytes: number) {
    this.#bytes = new Uint8Array(expectedBytes);
  }

  /** Whole bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** Write the lowest `count` bits (0 to 32) of `value`. */
  writeBits(value: number, count: number): void {
    let rest = count;
    while (rest > 0) {
      const taken = Math.min(rest, this.#free);
      rest -= taken;
      this.#free -= taken;
      this.#current |= ((value >>> rest) & ((1 << taken) - 1)) << this.#free;
      if (this.#free === 0) {
        if (this.#length + 1 >= this.#bytes.length) this.#grow();
        this.#bytes[this.#length++] = this.#current;
        this.#current = 0;
        this.#free = 8;
      }
    }
  }

  /** Write the lowest `count` bits (0 to 64) of a number given as two halves. */
  writeBits64(low: number, high: number, count: number): void {
    if (count > 32) {
      this.writeBits(high, count - 32);
      this.writeBits(low, 32);
    } else this.writeBits(low, count);
  }

  /** An unsigned varint, as Go's `binary.PutUvarint`. */
  writeUvarint(low: number, high: number): void {
    let restLow = low;
    let restHigh = high;
    while (restHigh !== 0 || restLow >= 0x80) {
      this.writeBits((restLow & 0x7f) | 0x80, 8);
      restLow = ((restLow >>> 7) | (restHigh << 25)) >>> 0;
      restHigh >>>= 7;
    }
    this.writeBits(restLow, 8);
  }

  /** A signed varint (zigzag), as Go's `binary.PutVarint`. */
  writeVarint(low: number, high: number): void {
    const sign = high >> 31;
    this.writeUvarint(((low << 1) ^ sign) >>> 0, (((high << 1) | (low >>> 31)) ^ sign) >>> 0);
  }

  /** Everything written, the last byte filled up with zeros. */
  finish(): Uint8Array {
    if (this.#free < 8) this.#bytes[this.#length] = this.#current;
    return this.#bytes.slice(0, this.#length + (this.#free < 8 ? 1 : 0));
  }

  #grow(): void {
    const grown = new Uint8Array(2 * this.#bytes.length + 64);
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

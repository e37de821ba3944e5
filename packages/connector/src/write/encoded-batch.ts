import { recordCountOf, type SampleReference, type TimestreamRecord, type WriteBatch } from '@timestream-prometheus/timestream-translator';

/** A batch of samples whose text was made elsewhere. Its objects are made from the text, if anybody asks for them. */
export class EncodedBatch implements WriteBatch {
  readonly recordCount: number;
  /** Known only to whoever made the batch. */
  readonly sources: readonly SampleReference[] = [];
  readonly #text: Uint8Array;
  #fields: Pick<WriteBatch, 'CommonAttributes' | 'Records'> | undefined;

  /** @param text as `PlannedBatch.json` gives it, in UTF-8 */
  constructor(text: Uint8Array, recordCount: number) {
    this.#text = text;
    this.recordCount = recordCount;
  }

  json(): Uint8Array {
    return this.#text;
  }

  get CommonAttributes(): TimestreamRecord | undefined {
    return this.#parsed.CommonAttributes;
  }

  get Records(): readonly TimestreamRecord[] {
    return this.#parsed.Records;
  }

  toJSON(): Pick<WriteBatch, 'CommonAttributes' | 'Records'> {
    return { CommonAttributes: this.CommonAttributes, Records: this.Records };
  }

  get #parsed(): Pick<WriteBatch, 'CommonAttributes' | 'Records'> {
    return (this.#fields ??= JSON.parse(`{${Buffer.from(this.#text).toString()}}`) as Pick<WriteBatch, 'CommonAttributes' | 'Records'>);
  }
}

/** The records of a call, without making their objects if it has none yet. */
export function countOf(batch: WriteBatch): number {
  return batch instanceof EncodedBatch ? batch.recordCount : recordCountOf(batch);
}

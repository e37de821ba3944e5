import { TimestreamWriteClient } from '@aws-sdk/client-timestream-write';
import { HttpRequest } from '@smithy/core/transport';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CallSigner } from '../../src/timestream/call-signer.js';

const REGION = 'eu-west-1';

const { sha256 } = new TimestreamWriteClient({ region: REGION }).config;

const HEADERS = {
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-target': 'Timestream_20181101.WriteRecords',
  'user-agent': 'aws-sdk-js/3 timestream-prometheus/1',
  host: 'ingest-cell1.timestream.eu-west-1.amazonaws.com',
};

const TEMPLATE = { protocol: 'https:', hostname: HEADERS.host, path: '/', method: 'POST', headers: HEADERS };

interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const KEY: Key = { accessKeyId: 'AKIA1', secretAccessKey: 'secret' };

async function signedBySdk(credentials: Key, own: Readonly<Record<string, string>>, body: Uint8Array, date: Date) {
  const request = new HttpRequest({ ...TEMPLATE, headers: { ...HEADERS, ...own }, body });
  const signed = await new SignatureV4({ credentials, region: REGION, service: 'timestream', sha256 }).sign(request, { signingDate: date });
  return signed.headers;
}

/** A provider that counts how often the SDK's signer, and not only ours, has asked it. */
function providerOf(keys: readonly Key[]) {
  const asked = { times: 0 };
  return { asked, credentials: () => Promise.resolve(keys[Math.min(asked.times++, keys.length - 1)] ?? KEY) };
}

describe('calls that are signed by what the SDK has shown', () => {
  it('have the headers and the signature of the SDK, whatever they hold', async () => {
    const printable = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 20 }).map((text) => text.trim() || 'x');
    const key = fc.record(
      { accessKeyId: printable, secretAccessKey: fc.string({ minLength: 1 }), sessionToken: printable },
      { requiredKeys: ['accessKeyId', 'secretAccessKey'] },
    );
    const call = fc.tuple(
      fc.uint8Array({ maxLength: 300 }),
      fc.date({ min: new Date('2020-01-01'), max: new Date('2035-01-01'), noInvalidDate: true }),
      fc.uuid(),
    );
    await fc.assert(
      fc.asyncProperty(key, fc.array(call, { minLength: 2, maxLength: 6 }), async (credentials, calls) => {
        const signer = new CallSigner(TEMPLATE, { credentials, region: REGION, sha256 });
        for (const [body, date, id] of calls) {
          const own = { 'content-length': String(body.length), 'amz-sdk-invocation-id': id, 'amz-sdk-request': 'attempt=1; max=1' };
          expect(await signer.sign(own, body, date)).toEqual(await signedBySdk(credentials, own, body, date));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('are the SDK’s own until it has shown how, and no longer', async () => {
    const { asked, credentials } = providerOf([KEY]);
    const signer = new CallSigner(TEMPLATE, { credentials, region: REGION, sha256 });
    await signer.sign({ 'content-length': '1' }, Buffer.from('a'), new Date());
    expect(asked.times).toBe(2);
    await signer.sign({ 'content-length': '1' }, Buffer.from('b'), new Date());
    expect(asked.times).toBe(3);
  });

  it('are signed anew as the SDK does when the key changes, to one with a session token as well', async () => {
    const temporary = { accessKeyId: 'ASIA2', secretAccessKey: 'another', sessionToken: 'token' };
    const renewed = { accessKeyId: 'ASIA3', secretAccessKey: 'third', sessionToken: 'token 3' };
    // The SDK's signer asks once more in the first call of each kind.
    const used = [KEY, KEY, temporary, temporary, renewed];
    const { credentials } = providerOf(used);
    const signer = new CallSigner(TEMPLATE, { credentials, region: REGION, sha256 });
    const date = new Date('2026-03-04T05:06:07.890Z');
    const own = { 'content-length': '1' };
    const body = Buffer.from('a');
    for (const key of [KEY, temporary, renewed]) {
      expect(await signer.sign(own, body, date)).toEqual(await signedBySdk(key, own, body, date));
    }
  });

  it('are left to the SDK for ever where its signature is another than ours', async () => {
    // A path that has to be escaped: the SDK signs it escaped, and we do not.
    const template = { ...TEMPLATE, path: '/a b' };
    const { asked, credentials } = providerOf([KEY]);
    const signer = new CallSigner(template, { credentials, region: REGION, sha256 });
    for (let call = 0; call < 3; call++) await signer.sign({ 'content-length': '1' }, Buffer.from('a'), new Date());
    expect(asked.times).toBe(6);
  });
});

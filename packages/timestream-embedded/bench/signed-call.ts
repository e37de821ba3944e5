import { createHash, createHmac } from 'node:crypto';
import http from 'node:http';

/** The access key of the benchmarks. */
export const benchKey = { accessKeyId: 'bench', secretAccessKey: 'secret' };

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const sign = (secret: Buffer | string, text: string): Buffer => createHmac('sha256', secret).update(text).digest();

/** Sends one signed request, and gives the text of its answer. @throws {Error} for every status but 200. */
export function signedCall(port: number, agent: http.Agent, operation: string, body: string): Promise<string> {
  const host = `127.0.0.1:${port}`;
  const stamp = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = `${stamp.slice(0, 8)}/us-east-1/timestream/aws4_request`;
  const target = `Timestream_20181101.${operation}`;
  const type = 'application/x-amz-json-1.0';
  const names = 'content-type;host;x-amz-date;x-amz-target';
  const canonical = `POST\n/\n\ncontent-type:${type}\nhost:${host}\nx-amz-date:${stamp}\nx-amz-target:${target}\n\n${names}\n${hash(body)}`;
  const secret = ['us-east-1', 'timestream', 'aws4_request'].reduce<Buffer>(
    sign,
    sign(`AWS4${benchKey.secretAccessKey}`, stamp.slice(0, 8)),
  );
  const signature = sign(secret, `AWS4-HMAC-SHA256\n${stamp}\n${scope}\n${hash(canonical)}`).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${benchKey.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  const headers = { 'content-type': type, 'x-amz-date': stamp, 'x-amz-target': target, authorization };
  return new Promise((resolve, reject) => {
    const request = http.request({ port, host: '127.0.0.1', method: 'POST', path: '/', agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`status ${response.statusCode ?? 0}: ${text}`));
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

import { HttpRequest } from '@smithy/core/transport';
import { SignatureV4 } from '@smithy/signature-v4';
import { TimestreamWriteClient } from '@aws-sdk/client-timestream-write';

export type SignRequest = (request: {
  readonly method: string;
  readonly address: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}) => Promise<Readonly<Record<string, string>>>;

/** The name of API Gateway in signatures (API Gateway guide, IAM authorization). */
const SIGNING_NAME = 'execute-api';

/** Signs requests for API Gateway with the credentials that the SDK finds. Gives the headers to send. */
export function createRequestSigner({ region }: { readonly region: string }): SignRequest {
  // The client is never asked anything: it has the chain of credentials and the hash that belong together.
  const { credentials, sha256 } = new TimestreamWriteClient({ region }).config;
  const signer = new SignatureV4({ credentials, region, service: SIGNING_NAME, sha256 });
  return async ({ method, address, headers, body }) => {
    const signed = await signer.sign(
      new HttpRequest({
        method,
        protocol: address.protocol,
        hostname: address.hostname,
        path: address.pathname,
        query: Object.fromEntries(address.searchParams),
        headers: { ...headers, host: address.host },
        body,
      }),
    );
    return signed.headers;
  };
}

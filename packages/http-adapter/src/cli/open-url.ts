import { readFileSync } from 'node:fs';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { request as httpRequest } from 'node:http';
import { connect as tlsConnect } from 'node:tls';
import { ConfigError } from '@timestream-prometheus/connector';
import {
  createRequestSigner,
  parseBoolean,
  parseFileName,
  type RemoteServer,
  type SeenCertificate,
  type SignRequest,
} from '@timestream-prometheus/connector/operations';
import type { CommandInput, CommandOption } from './command-definition.js';
import type { ProgramHost } from './program-host.js';
import { fileError } from './startup-error.js';

/** How a command says who it is to a running connector. */
export const ACCESS_OPTIONS: readonly CommandOption[] = [
  {
    flag: 'username',
    defaultText: '',
    kind: 'value',
    placeholder: '<name>',
    help: 'User name for the address: what stands in prometheus.yml. Default: the access key of the environment (AWS_ACCESS_KEY_ID), with its secret.',
    parse: parseFileName,
  },
  {
    flag: 'password-file',
    defaultText: '',
    kind: 'value',
    placeholder: '<file>',
    help: 'File with the password of --username.',
    parse: parseFileName,
  },
  {
    flag: 'bearer-token-file',
    defaultText: '',
    kind: 'value',
    placeholder: '<file>',
    help: 'File with a token, sent instead of user name and password.',
    parse: parseFileName,
  },
  {
    flag: 'sigv4',
    defaultText: 'false',
    kind: 'boolean',
    placeholder: '<true|false>',
    help: 'Sign requests for API Gateway (execute-api) with the AWS credentials found here, for --region.',
    parse: parseBoolean,
  },
  {
    flag: 'ca-file',
    defaultText: '',
    kind: 'value',
    placeholder: '<file>',
    help: 'PEM file with the authority that signed the certificate of the address, if the system does not trust it.',
    parse: parseFileName,
  },
];

const REQUEST_TIMEOUT_MS = 120_000;
const MAX_REQUEST_BYTES = 1 << 28;

/** @throws ConfigError, StartupError */
// oxlint-disable-next-line typescript/require-await -- its refusals are rejections, like those of openDestination
export async function openUrl(text: string, { own, flags }: CommandInput, host: Pick<ProgramHost, 'env'>): Promise<RemoteServer> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw new ConfigError('url', 'must be an http or https address', text);
  if (url.username !== '') throw new ConfigError('url', 'must not hold a user name: use --username and --password-file', undefined);
  const baseUrl = `${url.origin}${url.pathname.replace(/\/(?:api\/v1\/)?(?:write|read)?\/?$/, '')}`;
  const ca = own['ca-file'] === '' ? undefined : readText('ca-file', own['ca-file'] as string);
  const agent = new HttpsAgent({ keepAlive: true, ...(ca === undefined ? {} : { ca }) });
  const access = accessOf(own, host.env);
  const sign =
    own['sigv4'] === true ? createRequestSigner({ region: flags['region'] ?? host.env['AWS_REGION'] ?? 'us-east-1' }) : undefined;

  const exchange = async (
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
    signal?: AbortSignal,
  ) => {
    const address = new URL(baseUrl + path);
    const signed = sign === undefined ? headers : await signedHeaders(sign, method, address, headers, body);
    return send(address, { method, headers: signed, body, agent, signal: signal ?? AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
  };

  return {
    baseUrl,
    authorization: access.authorization,
    authentication: sign === undefined ? access.authentication : 'signed for execute-api (--sigv4)',
    async get(path) {
      try {
        const { status, headers, body } = await exchange(
          'GET',
          path,
          access.authorization === undefined ? {} : { authorization: access.authorization },
          new Uint8Array(),
        );
        const parts: Uint8Array[] = [];
        for await (const part of body) parts.push(part);
        return { status, headers, body: Buffer.concat(parts) };
      } catch (error) {
        return { failure: error instanceof Error ? reasonOf(error) : String(error) };
      }
    },
    inspectCertificate: () => (url.protocol === 'https:' ? inspectCertificate(url, ca) : Promise.resolve(undefined)),
    connector: {
      async handle(request) {
        const body = await request.readBody(MAX_REQUEST_BYTES, () => undefined);
        const path = request.query === '' ? request.path : `${request.path}?${request.query}`;
        try {
          return await exchange(request.method, path, request.headers, body, request.signal);
        } catch (error) {
          // No answer came: as a connector whose Timestream does not answer, it may later.
          const reason = error instanceof Error ? reasonOf(error) : String(error);
          return { status: 503, headers: {}, body: Buffer.from(`connection-failed: ${baseUrl}: ${reason}\n`) };
        }
      },
    },
  };
}

function accessOf(own: CommandInput['own'], env: ProgramHost['env']): Pick<RemoteServer, 'authorization' | 'authentication'> {
  const tokenFile = own['bearer-token-file'] as string;
  const passwordFile = own['password-file'] as string;
  const username = own['username'] as string;
  if (tokenFile !== '') {
    return { authorization: `Bearer ${readText('bearer-token-file', tokenFile).trim()}`, authentication: `with the token of ${tokenFile}` };
  }
  if ((username === '') !== (passwordFile === '')) {
    const [missing, given] = username === '' ? ['username', 'password-file'] : ['password-file', 'username'];
    throw new ConfigError(missing, `must be given together with --${given}`, undefined);
  }
  if (username !== '') {
    return { authorization: basic(username, readText('password-file', passwordFile).trim()), authentication: `as the user ${username}` };
  }
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = env;
  if (id === undefined || secret === undefined)
    return { authorization: undefined, authentication: 'without credentials: --username, --bearer-token-file or --sigv4 give some' };
  return { authorization: basic(id, secret), authentication: `with the access key ${id} of the environment` };
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function readText(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw fileError(error, option, file);
  }
}

async function signedHeaders(
  sign: SignRequest,
  method: string,
  address: URL,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
): Promise<Readonly<Record<string, string>>> {
  const others = Object.entries(headers).filter(([name]) => name !== 'authorization');
  return sign({ method, address, headers: Object.fromEntries(others), body });
}

interface Sending {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly agent: HttpsAgent;
  readonly signal: AbortSignal;
}

function send(
  address: URL,
  { method, headers, body, agent, signal }: Sending,
): Promise<{ readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: AsyncIterable<Uint8Array> }> {
  return new Promise((resolve, reject) => {
    const isTls = address.protocol === 'https:';
    const start = isTls ? httpsRequest : httpRequest;
    const outgoing = start(
      address,
      { method, headers: { ...headers, 'content-length': String(body.length) }, signal, ...(isTls ? { agent } : {}) },
      (incoming) => {
        const flat = Object.entries(incoming.headers).map(([name, value]) => [
          name,
          Array.isArray(value) ? value.join(', ') : (value ?? ''),
        ]);
        resolve({
          status: incoming.statusCode ?? 0,
          headers: Object.fromEntries(flat) as Readonly<Record<string, string>>,
          body: incoming as AsyncIterable<Uint8Array>,
        });
      },
    );
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

function inspectCertificate(url: URL, ca: string | undefined): Promise<SeenCertificate | undefined> {
  return new Promise((resolve, reject) => {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const socket = tlsConnect(
      {
        host,
        port: url.port === '' ? 443 : Number(url.port),
        // A name is sent for names only (RFC 6066); whether it is trusted is what is asked here.
        ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
        rejectUnauthorized: false,
        ...(ca === undefined ? {} : { ca }),
      },
      () => {
        const certificate = socket.getPeerCertificate();
        const error: unknown = socket.authorizationError;
        const fault = socket.authorized ? undefined : error instanceof Error ? reasonOf(error) : String(error);
        resolve({ fault, subject: `certificate of ${String(certificate.subject.CN)}`, validUntilMs: Date.parse(certificate.valid_to) });
        socket.destroy();
      },
    );
    socket.setTimeout(10_000, () => socket.destroy(new Error('no answer within 10 s')));
    socket.once('error', reject);
  });
}

function reasonOf(error: Error): string {
  const reason = error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0].message : error.message;
  return reason === '' && 'code' in error ? String(error.code) : reason;
}

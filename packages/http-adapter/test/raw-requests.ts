/** What a request may reach behind the gate. */
export type Reached = 'write' | 'read';

export interface RawParts {
  /** Tokens of a user who may only write and of one who may only read. */
  readonly writer: string;
  readonly reader: string;
  readonly write: Buffer;
  readonly read: Buffer;
}

export interface RawRequest {
  readonly name: string;
  /** As they go over the wire. */
  readonly bytes: (parts: RawParts) => Buffer;
  /** Of each answer that comes back. */
  readonly statuses: readonly number[];
  readonly reaches: readonly Reached[];
}

interface Shape {
  readonly method?: string;
  readonly target?: string;
  readonly user?: 'writer' | 'reader';
  /** Lines after the usual ones. */
  readonly headers?: readonly string[];
  /** Instead of the length of the body. */
  readonly contentLength?: string | undefined;
  readonly body?: 'write' | 'read' | Buffer;
}

/** A request line, the usual headers and a body. */
const shaped =
  ({ method = 'POST', target = '/write', user = 'writer', headers = [], body = 'write', ...shape }: Shape) =>
  (parts: RawParts): Buffer => {
    const bytes = typeof body === 'string' ? parts[body] : body;
    const length = 'contentLength' in shape ? shape.contentLength : String(bytes.length);
    const lines = [
      `${method} ${target} HTTP/1.1`,
      'Host: connector.example',
      `Authorization: Bearer ${parts[user]}`,
      'Content-Type: application/x-protobuf',
      'Connection: close',
      ...(length === undefined ? [] : [`Content-Length: ${length}`]),
      ...headers,
    ];
    return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), bytes]);
  };

const one = (name: string, shape: Shape, status: number, reaches: readonly Reached[] = []): RawRequest => ({
  name,
  bytes: shaped(shape),
  statuses: [status],
  reaches,
});

/** A second request hidden behind the first, by the user who may only read, which would be a write. */
const hidden = (parts: RawParts): Buffer => shaped({ user: 'reader' })(parts);

/**
 * Requests by which servers and what stands before them have been led astray. None comes to a place that it does not name, or past the gate. The
 * paths are compared as they stand: nothing is decoded, joined or taken away before the gate is asked.
 */
export const RAW_REQUESTS: readonly RawRequest[] = [
  one('a write by the writer is stored, so that the refusals below mean something', {}, 204, ['write']),
  one('a read by the reader is answered', { target: '/read', user: 'reader', body: 'read' }, 200, ['read']),
  one('a write by the reader is refused', { user: 'reader' }, 403),
  one('a read by the writer is refused', { target: '/read', body: 'read' }, 403),

  ...[
    '//write',
    '/./write',
    '/write/',
    '/write/.',
    '/write/..',
    '/write/../read',
    '/read/../write',
    '/%2fwrite',
    '/%2e/write',
    '/%2e%2e/write',
    '/write%2f',
    '/write%2f..%2fread',
    '/writ%65',
    '/%77rite',
    '/WRITE',
    '/write;a=b',
    '/write%00',
    '/write%20',
    '/write.json',
    '/api/v1/../../write',
    '/api/v1//write',
    '/api%2fv1%2fwrite',
    '/tenants//write',
    '/-/healthy/../../write',
    '/\\write',
    '/..;/write',
    '/%c0%afwrite',
    '/%zz/write',
  ].map((target) => one(`the path ${target} leads nowhere`, { target }, 404)),
  ...['/-/healthy/%2e%2e/%2e%2e/read', '/metrics/../read', '//read', '/read%2f', '/write/%2e%2e/read'].map((target) =>
    one(`the path ${target} leads the writer to no read`, { target, body: 'read' }, 404),
  ),
  one('a question in the address changes no path', { target: '/write?/../read&path=/read' }, 204, ['write']),
  one('an address in absolute form names the same path', { target: 'http://connector.example/write' }, 404),
  one('an address in absolute form of another host leads nowhere else', { target: 'http://169.254.169.254/latest/meta-data' }, 404),
  one('an address with a user leads nowhere', { target: 'http://writer:x@connector.example/read' }, 404),
  one('an asterisk is no path', { target: '*', method: 'OPTIONS', body: Buffer.alloc(0) }, 404),

  ...[
    'X-HTTP-Method-Override: GET',
    'X-HTTP-Method: DELETE',
    'X-Method-Override: PUT',
    'X-Original-URL: /read',
    'X-Rewrite-URL: /read',
  ].map((header) => one(`the header ${header} changes nothing`, { headers: [header] }, 204, ['write'])),
  ...[
    'X-Original-URL: /write',
    'X-Rewrite-URL: /write',
    'X-Forwarded-Prefix: /api',
    'X-Forwarded-Uri: /write',
    'X-Forwarded-User: writer',
  ].map((header) => one(`the header ${header} opens no write to the reader`, { headers: [header], user: 'reader' }, 403)),
  ...['PUT', 'GET', 'DELETE', 'PATCH', 'TRACE', 'PROPFIND'].map((method) =>
    one(`the method ${method} writes nothing`, { method, body: Buffer.alloc(0) }, 405),
  ),
  one('a method in small letters is none', { method: 'post' }, 400),

  {
    name: 'two Authorization headers are refused, in whatever order',
    bytes: (parts) => shaped({ user: 'reader', headers: [`Authorization: Bearer ${parts.writer}`] })(parts),
    statuses: [401],
    reaches: [],
  },
  {
    name: 'two equal Authorization headers are refused',
    bytes: (parts) => shaped({ headers: [`Authorization: Bearer ${parts.writer}`] })(parts),
    statuses: [401],
    reaches: [],
  },
  one('two Content-Encoding headers are refused', { headers: ['Content-Encoding: snappy', 'Content-Encoding: gzip'] }, 415),
  one('two Content-Type headers are refused', { headers: ['Content-Type: text/plain'] }, 415),
  one('two X-Scope-OrgID headers are refused', { headers: ['X-Scope-OrgID: a', 'X-Scope-OrgID: b'] }, 403),
  one('two equal Content-Length headers are refused', { headers: ['Content-Length: 5'], contentLength: '5' }, 400),
  one('two Content-Length headers are refused', { headers: ['Content-Length: 5'] }, 400),

  one('a length beside chunks is refused', { headers: ['Transfer-Encoding: chunked'] }, 400),
  {
    name: 'a length beside chunks hides no second request',
    bytes: (parts) => {
      const chunked = Buffer.concat([Buffer.from('0\r\n\r\n'), hidden(parts)]);
      return shaped({ body: chunked, headers: ['Transfer-Encoding: chunked'] })(parts);
    },
    statuses: [400],
    reaches: [],
  },
  ...['xchunked', 'chunked, identity', 'identity', 'chunked\u000b', 'gzip, x'].map((coding) =>
    one(
      `the transfer coding ${JSON.stringify(coding)} is refused`,
      { headers: [`Transfer-Encoding: ${coding}`], contentLength: undefined },
      400,
    ),
  ),
  one('a space before the colon is refused', { headers: ['Transfer-Encoding : chunked'] }, 400),
  one('a header that goes on in the next line is refused', { headers: ['X-A: b', ' Transfer-Encoding: chunked'] }, 400),
  one(
    'a chunk length that is no number is refused',
    {
      headers: ['Transfer-Encoding: chunked'],
      contentLength: undefined,
      body: Buffer.from('0x5\r\nhello\r\n0\r\n\r\n'),
    },
    400,
  ),
  {
    name: 'a bare line feed ends no header',
    bytes: (parts) => Buffer.from(`POST /write HTTP/1.1\nHost: x\nAuthorization: Bearer ${parts.writer}\nContent-Length: 0\n\n`),
    statuses: [400],
    reaches: [],
  },
  {
    name: 'a line feed in a header makes no second one',
    bytes: (parts) => shaped({ user: 'reader', headers: [`X-A: b\nAuthorization: Bearer ${parts.writer}`] })(parts),
    statuses: [400],
    reaches: [],
  },
  one('a negative length is refused', { contentLength: '-1' }, 400),
  one('a length with a sign is refused', { contentLength: '+5' }, 400),
  one('a length that is no number is refused', { contentLength: '1e3' }, 400),
  one('a length above what any number holds is refused', { contentLength: '18446744073709551616' }, 400),
  {
    name: 'what follows on a connection that is to close is refused',
    bytes: (parts) => Buffer.concat([shaped({ method: 'GET', target: '/-/healthy', body: Buffer.alloc(0) })(parts), hidden(parts)]),
    statuses: [400],
    reaches: [],
  },

  one('headers of 20 KiB are refused', { headers: [`X-A: ${'a'.repeat(20 * 1024)}`] }, 431),
  one('three thousand headers are refused', { headers: Array.from({ length: 3_000 }, (_, index) => `X-${index}: a`) }, 431),
  one('a null byte in a header is refused', { headers: ['X-A: a\u0000b'] }, 400),
  one('a header without a name is refused', { headers: [': a'] }, 400),
  one('a request line with a space in its path is refused', { target: '/wri te' }, 400),
  {
    name: 'a request without a Host is refused',
    bytes: (parts) =>
      Buffer.from(`POST /write HTTP/1.1\r\nAuthorization: Bearer ${parts.writer}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`),
    statuses: [400],
    reaches: [],
  },
  {
    name: 'the beginning of HTTP/2 is refused',
    bytes: () => Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    statuses: [400],
    reaches: [],
  },
  {
    name: 'CONNECT opens no tunnel',
    bytes: () => Buffer.from('CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: x\r\n\r\n'),
    statuses: [],
    reaches: [],
  },
];

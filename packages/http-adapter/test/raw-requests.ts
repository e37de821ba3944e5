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

/** The same without the wish that the connection ends. */
const keepAlive = (request: Buffer): Buffer => Buffer.from(request.toString('latin1').replace('Connection: close\r\n', ''), 'latin1');

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

  ...['PUT', 'GET', 'DELETE'].flatMap((method) =>
    ['X-HTTP-Method-Override: POST', 'X-Method-Override: POST', 'X-HTTP-Method: POST'].map((header) =>
      one(`the header ${header} makes no write of a ${method}`, { method, headers: [header] }, 405),
    ),
  ),
  one('a method in the question is no method', { method: 'GET', target: '/write?_method=POST', body: Buffer.alloc(0) }, 405),
  one('two Host headers are refused', { headers: ['Host: other.example'] }, 400),
  one('two equal Host headers are refused', { headers: ['Host: connector.example'] }, 400),
  one('a list of lengths is refused', { contentLength: '5, 5' }, 400),
  one('a length in hexadecimal digits is refused', { contentLength: '0x10' }, 400),
  one(
    'an Authorization that goes on in the next line is refused',
    { user: 'reader', headers: ['X-A: b', ' Authorization: Bearer x'] },
    400,
  ),
  one('an Authorization behind a tab is refused', { user: 'reader', headers: ['X-A: b', '\tAuthorization: Bearer x'] }, 400),
  {
    name: 'an Authorization in the trailer of a body counts for nothing',
    bytes: (parts) => {
      const chunked = Buffer.concat([
        Buffer.from(`${parts.write.length.toString(16)}\r\n`),
        parts.write,
        Buffer.from(`\r\n0\r\nAuthorization: Bearer ${parts.writer}\r\n\r\n`),
      ]);
      const headers = ['Transfer-Encoding: chunked', 'Trailer: Authorization'];
      return shaped({ user: 'reader', body: chunked, contentLength: undefined, headers })(parts);
    },
    statuses: [403],
    reaches: [],
  },
  {
    name: 'a write in chunks with extensions and a trailer is one write',
    bytes: (parts) => {
      const chunked = Buffer.concat([
        Buffer.from(`${parts.write.length.toString(16)};a="b;c"\r\n`),
        parts.write,
        Buffer.from('\r\n0\r\nX-A: b\r\n\r\n'),
      ]);
      return shaped({ body: chunked, contentLength: undefined, headers: ['Transfer-Encoding: chunked'] })(parts);
    },
    statuses: [204],
    reaches: ['write'],
  },
  {
    name: 'a chunk with 64 KiB of extensions is refused',
    bytes: (parts) => {
      const chunked = Buffer.from(`1;${'a'.repeat(64 * 1024)}\r\nx\r\n0\r\n\r\n`);
      return shaped({ body: chunked, contentLength: undefined, headers: ['Transfer-Encoding: chunked'] })(parts);
    },
    statuses: [400],
    reaches: [],
  },
  {
    name: 'requests of two users in one packet have their own rights each',
    bytes: (parts) =>
      Buffer.concat([
        keepAlive(shaped({})(parts)),
        keepAlive(shaped({ user: 'reader' })(parts)),
        keepAlive(shaped({ user: 'reader', target: '/read', body: 'read' })(parts)),
        shaped({ target: '/read', body: 'read' })(parts),
      ]),
    statuses: [204, 403, 200, 403],
    reaches: ['write', 'read'],
  },
  {
    name: 'a request whose body is longer than its length leaves the rest to no route',
    bytes: (parts) =>
      Buffer.concat([keepAlive(shaped({ method: 'GET', target: '/-/healthy', body: Buffer.alloc(0) })(parts)), parts.write, hidden(parts)]),
    statuses: [400],
    reaches: [],
  },
  {
    name: 'a body behind a request that is refused is not taken for the next request',
    bytes: (parts) => keepAlive(shaped({ user: 'reader', body: hidden(parts) })(parts)),
    statuses: [403],
    reaches: [],
  },
  {
    name: 'a wish for another protocol is passed over',
    bytes: (parts) => shaped({ user: 'reader', headers: ['Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'] })(parts),
    statuses: [403],
    reaches: [],
  },
  {
    name: 'a request without a version is held to the methods of its path',
    bytes: () => Buffer.from('GET /write\r\n\r\n'),
    statuses: [405],
    reaches: [],
  },
  {
    name: 'HTTP/1.0 without a Host is answered by the rights of its user',
    bytes: (parts) => Buffer.from(`POST /write HTTP/1.0\r\nAuthorization: Bearer ${parts.reader}\r\nContent-Length: 0\r\n\r\n`),
    statuses: [403],
    reaches: [],
  },
  {
    name: 'lengths and chunks in a request of HTTP/1.0 hide no second one',
    bytes: (parts) => {
      const request = shaped({ body: Buffer.concat([Buffer.from('0\r\n\r\n'), hidden(parts)]), headers: ['Transfer-Encoding: chunked'] })(
        parts,
      );
      return Buffer.from(request.toString('latin1').replace('HTTP/1.1', 'HTTP/1.0'), 'latin1');
    },
    statuses: [400],
    reaches: [],
  },
  ...[
    'X-Forwarded-For: 127.0.0.1',
    'X-Real-IP: 127.0.0.1',
    'Forwarded: for=127.0.0.1',
    'X-Forwarded-Host: localhost',
    'X-Scope_OrgID: a',
    'X-Client-Cert: CN=writer',
    'X-SSL-Client-S-DN: CN=writer',
    'Proxy-Authorization: Basic d3JpdGVyOng=',
    'Cookie: authorization=x',
  ].map((header) => one(`the header ${header} opens no write to the reader`, { headers: [header], user: 'reader' }, 403)),
  ...[
    '/api/v1/query?query=1',
    '/api/v1/label/a%2f..%2fb/values',
    '/api/v1/label/../../../write/values',
    '/api/v1/labels',
    '/api/v1/series?match[]=m',
    '/api/v1/metadata',
    '/api/v1/query_exemplars?query=m&start=0&end=1',
    '/api/v1/format_query?query=1',
    '/api/v1/rules',
    '/api/v1/alerts',
    '/api/v1/status/buildinfo',
  ].map((target) => one(`${target} is not answered to the writer`, { method: 'GET', target, body: Buffer.alloc(0) }, 403)),
  ...['/metrics', '/metrics/', '/metrics?x', '/%6detrics', '//metrics', '/METRICS'].map((target) => ({
    name: `${target} shows no metrics to who may write only`,
    bytes: shaped({ method: 'GET', target, body: Buffer.alloc(0) }),
    statuses: [/^\/metrics(?:\?|$)/.test(target) ? 403 : 404],
    reaches: [],
  })),
];

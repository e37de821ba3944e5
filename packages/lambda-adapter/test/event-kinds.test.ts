import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LambdaResult } from '../src/event-kind.js';
import { recogniseEvent, type RecognisedEvent } from '../src/event-kinds.js';
import { eventShapes, eventShapeOf, type HttpMessage } from './events.js';

const write: HttpMessage = {
  method: 'POST',
  path: '/write',
  headers: [
    ['Content-Type', 'application/x-protobuf'],
    ['Content-Encoding', 'snappy'],
    ['X-Prometheus-Remote-Write-Version', '0.1.0'],
    ['Authorization', 'Basic QUtJRDpzZWNyZXQ='],
  ],
  body: Uint8Array.from([0x05, 0x10, 0xff, 0xfe, 0x00, 0xc3, 0x28]),
};

function recognised(event: unknown): RecognisedEvent {
  const found = recogniseEvent(event);
  if (found === undefined) throw new Error('the event was not recognised');
  return found;
}

function bytesOf(result: LambdaResult): Buffer {
  return Buffer.from(result.body, result.isBase64Encoded ? 'base64' : 'utf8');
}

describe.each(eventShapes.map((shape) => [shape.name, shape] as const))('an event of the %s', (_name, shape) => {
  it('is recognised as its kind, and gives the method, the path below stage and base path, the headers and the bytes', () => {
    const found = recognised(shape.event(write));
    expect(found.kind).toBe(shape.kind);
    expect(found.request()).toMatchObject({
      method: 'POST',
      path: '/write',
      headers: {
        'content-type': 'application/x-protobuf',
        'content-encoding': 'snappy',
        'x-prometheus-remote-write-version': '0.1.0',
        authorization: 'Basic QUtJRDpzZWNyZXQ=',
      },
    });
    expect([...found.request().body.bytes()]).toEqual([...write.body]);
  });

  it('goes where its path says, whatever its headers claim', () => {
    const headers = [['X-Prometheus-Remote-Write-Version', '0.1.0'] as const];
    expect(recognised(shape.event({ ...write, path: '/read', headers })).request().path).toBe('/read');
  });

  it('hands any bytes and any headers through, there and back', () => {
    const token = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);
    const value = fc.stringMatching(/^[!-~]([ -~]{0,30}[!-~])?$/);
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.uniqueArray(fc.tuple(token, value), { selector: ([name]) => name, maxLength: 6 }),
        fc.uint8Array({ maxLength: 300 }),
        (body, headers, answer) => {
          const found = recognised(shape.event({ ...write, body, headers }));
          const request = found.request();
          expect(Buffer.compare(request.body.bytes(), body)).toBe(0);
          expect(request.headers).toEqual(Object.fromEntries(headers));
          const result = found.result({ status: 200, headers: { 'content-type': 'application/x-protobuf' }, body: answer });
          expect(result.statusCode).toBe(200);
          expect(Buffer.compare(bytesOf(result), answer)).toBe(0);
          // What Lambda does with the result.
          expect(JSON.parse(JSON.stringify(result))).toEqual(result);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('takes header names in any case', () => {
    const headers = [['CONTENT-type', 'application/x-protobuf'] as const];
    expect(recognised(shape.event({ ...write, headers })).request().headers).toEqual({ 'content-type': 'application/x-protobuf' });
  });

  it('has an empty body when the client sent none', () => {
    const empty = { ...write, method: 'GET', path: '/-/healthy', body: new Uint8Array() };
    expect(recognised(shape.event(empty)).request().body).toHaveLength(0);
  });

  it('is answered with text as text', () => {
    const body = Buffer.from('missing-credentials: no key — nothing stored\n', 'utf8');
    const result = recognised(shape.event(write)).result({ status: 401, headers: { 'content-type': 'text/plain; charset=utf-8' }, body });
    expect(result).toMatchObject({ statusCode: 401, isBase64Encoded: false, body: 'missing-credentials: no key — nothing stored\n' });
  });

  it('is answered with bytes that are no UTF-8 as base64, even under a text type', () => {
    const body = Uint8Array.from([0x61, 0xff]);
    const result = recognised(shape.event(write)).result({ status: 400, headers: { 'content-type': 'text/plain' }, body });
    expect(result).toMatchObject({ isBase64Encoded: true, body: Buffer.from(body).toString('base64') });
  });

  it('is answered without a body where there is none', () => {
    const result = recognised(shape.event(write)).result({ status: 204, headers: {}, body: new Uint8Array() });
    expect(result).toMatchObject({ statusCode: 204, body: '', isBase64Encoded: false });
  });
});

describe('several values of one header', () => {
  const headers = [
    ['X-Forwarded-For', '198.51.100.7'],
    ['X-Forwarded-For', '203.0.113.9'],
    ['x-forwarded-for', '192.0.2.1'],
  ] as const;

  it.each(['REST API, static resource', 'load balancer, multi-value headers'])('are all kept by the %s', (name) => {
    const request = recognised(eventShapeOf(name).event({ ...write, headers })).request();
    expect(request.headers).toEqual({ 'x-forwarded-for': '198.51.100.7, 203.0.113.9, 192.0.2.1' });
  });
});

describe('a header with a name of JavaScript', () => {
  it.each(eventShapes)('is only a header ($name)', (shape) => {
    const request = recognised(shape.event({ ...write, headers: [['constructor', 'x']] })).request();
    expect(Object.keys(request.headers)).toEqual(['constructor']);
    const event = JSON.parse(JSON.stringify(shape.event(write)).replaceAll(/content-encoding/gi, '__proto__')) as unknown;
    expect(Object.getOwnPropertyDescriptor(recognised(event).request().headers, '__proto__')?.value).toBe('snappy');
  });
});

describe('a load balancer', () => {
  const response = { status: 404, headers: { 'content-type': 'text/plain' }, body: Buffer.from('no') };

  it('gets the status description that it wants', () => {
    const result = recognised(eventShapeOf('load balancer, single-value headers').event(write)).result(response);
    expect(result).toMatchObject({ statusDescription: '404 Not Found', headers: { 'content-type': 'text/plain' } });
  });

  it('gets headers in the form in which it sent them', () => {
    const result = recognised(eventShapeOf('load balancer, multi-value headers').event(write)).result(response);
    expect(result.multiValueHeaders).toEqual({ 'content-type': ['text/plain'] });
    expect(result.headers).toBeUndefined();
  });
});

describe('a body', () => {
  const shape = eventShapeOf('REST API, static resource');

  it('that came as text is taken as UTF-8', () => {
    const request = recognised({ ...shape.event(write), body: 'größer', isBase64Encoded: false }).request();
    expect(Buffer.from(request.body.bytes()).toString('utf8')).toBe('größer');
  });

  it('whose bytes the gateway lost is refused with what to change', () => {
    const mangled = Buffer.from(write.body).toString('utf8');
    expect(() =>
      recognised({ ...shape.event(write), body: mangled, isBase64Encoded: false })
        .request()
        .body.bytes(),
    ).toThrow(/binaryMediaTypes/);
  });

  it.each(['not base64!', 'AAA', 'AA=A', 'QUJD\nREVG='])('that is no base64 although the event says so is refused: %j', (body) => {
    const isCanonical = body === 'AAA';
    const act = () =>
      recognised({ ...shape.event(write), body, isBase64Encoded: true })
        .request()
        .body.bytes();
    // Base64 without its padding says the same bytes.
    if (isCanonical) expect([...act()]).toEqual([0, 0]);
    else expect(act).toThrow(/base64/);
  });
});

describe('an event that no HTTP integration sends', () => {
  const http = eventShapeOf('HTTP API, static route, named stage').event(write);
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a string', 'ping'],
    ['an empty object', {}],
    ['a list', [http]],
    ['a schedule', { version: '0', 'detail-type': 'Scheduled Event', source: 'aws.events', detail: {} }],
    ['a queue', { Records: [{ eventSource: 'aws:sqs', body: '{}' }] }],
    ['a WebSocket message', { requestContext: { routeKey: '$connect', connectionId: 'x' }, isBase64Encoded: false }],
    ['an HTTP API event without its request context', { ...http, requestContext: undefined }],
    ['an HTTP API event with a number for a body', { ...http, body: 7 }],
    ['an HTTP API event with a list for a header', { ...http, headers: { a: ['b'] } }],
    ['a future payload format', { ...http, version: '3.0' }],
  ])('is not taken for one: %s', (_name, event) => {
    expect(recogniseEvent(event)).toBeUndefined();
  });

  it('never makes recognition throw', () => {
    fc.assert(
      fc.property(fc.anything(), (event) => {
        recogniseEvent(event);
      }),
    );
  });
});

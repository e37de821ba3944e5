/** Bytes of the remote protocols, made by hand because an edge knows no codec. */

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}

/** Tag with wire type 2, length and content. */
function lengthDelimited(field: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([field * 8 + 2, content.byteLength]), content]);
}

function text(field: number, value: string): Buffer {
  return lengthDelimited(field, Buffer.from(value));
}

/** One snappy block with one literal of at most 60 bytes. */
function snappyLiteral(message: Uint8Array): Buffer {
  if (message.byteLength > 60) throw new Error('a literal of this form has at most 60 bytes');
  return Buffer.concat([Buffer.from([message.byteLength, (message.byteLength - 1) << 2]), message]);
}

/** `up{job="api"} 1` at a time, as Prometheus sends it: `prometheus.WriteRequest` in a snappy block. */
export function writeRequestBody(timestampMs: number): Buffer {
  const one = Buffer.from('09000000000000f03f10', 'hex');
  const series = Buffer.concat([
    lengthDelimited(1, Buffer.concat([text(1, '__name__'), text(2, 'up')])),
    lengthDelimited(1, Buffer.concat([text(1, 'job'), text(2, 'api')])),
    lengthDelimited(2, Buffer.concat([one, varint(timestampMs)])),
  ]);
  return snappyLiteral(lengthDelimited(1, series));
}

/** `{__name__="up"}` between two times: `prometheus.ReadRequest` in a snappy block. */
export function readRequestBody(startMs: number, endMs: number): Buffer {
  const matcher = Buffer.concat([text(2, '__name__'), text(3, 'up')]);
  const query = Buffer.concat([Buffer.from([0x08]), varint(startMs), Buffer.from([0x10]), varint(endMs), lengthDelimited(3, matcher)]);
  return snappyLiteral(lengthDelimited(1, query));
}

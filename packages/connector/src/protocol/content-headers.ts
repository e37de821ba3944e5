import { ConnectorError } from '../errors/connector-error.js';

type Headers = Readonly<Record<string, string>>;

const PROTOBUF = 'application/x-protobuf';
const WRITE_V1 = 'prometheus.WriteRequest';
const WRITE_V2 = 'io.prometheus.write.v2.Request';

interface MediaType {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** The versions of remote write that are understood. */
export type WriteVersion = '1.0' | '2.0';

/**
 * Which message a remote write sends. The content type alone decides, as the specification of 2.0 wants it: a missing one, and one that names no
 * message, is 1.0 (Prometheus' own receiver; ad-hoc clients). Parameters such as a charset are ignored.
 *
 * @throws ConnectorError unsupported-content-type, unsupported-content-encoding
 */
export function writeVersionOf(headers: Headers): WriteVersion {
  const contentType = headers['content-type'] ?? '';
  const media = parseMediaType(contentType);
  const proto = media.parameters['proto'] ?? WRITE_V1;
  if (media.type !== '' && (media.type !== PROTOBUF || (proto !== WRITE_V1 && proto !== WRITE_V2))) {
    throw new ConnectorError(
      'unsupported-content-type',
      `content type ${JSON.stringify(contentType.slice(0, 200))} is not supported: send ${PROTOBUF};proto=${WRITE_V2} or ${PROTOBUF};proto=${WRITE_V1} (in Prometheus: protobuf_message)`,
    );
  }
  assertSnappy(headers);
  return proto === WRITE_V2 ? '2.0' : '1.0';
}

/**
 * Refuses what is not a remote read message. vmctl names the content type of the answer it wants, not of what it sends; it is accepted.
 *
 * @throws ConnectorError unsupported-content-type, unsupported-content-encoding
 */
export function assertReadHeaders(headers: Headers): void {
  const contentType = headers['content-type'] ?? '';
  const { type } = parseMediaType(contentType);
  if (type !== '' && type !== PROTOBUF && type !== 'application/x-streamed-protobuf') {
    throw new ConnectorError(
      'unsupported-content-type',
      `content type ${JSON.stringify(contentType.slice(0, 200))} is not supported: send ${PROTOBUF}`,
    );
  }
  assertSnappy(headers);
}

/** vmagent starts with zstd and repacks to snappy on 415. A missing encoding is snappy, as in Prometheus. */
function assertSnappy(headers: Headers): void {
  const encoding = (headers['content-encoding'] ?? '').trim().toLowerCase();
  if (encoding === '' || encoding === 'snappy') return;
  throw new ConnectorError(
    'unsupported-content-encoding',
    `content encoding ${JSON.stringify(encoding.slice(0, 100))} is not supported: send snappy (block format)`,
  );
}

function parseMediaType(text: string): MediaType {
  const [type = '', ...rest] = text.split(';').map((part) => part.trim());
  const parameters: Record<string, string> = {};
  for (const part of rest) {
    const equals = part.indexOf('=');
    if (equals < 0) continue;
    const value = part.slice(equals + 1).trim();
    parameters[part.slice(0, equals).trim().toLowerCase()] = /^".*"$/.test(value) ? value.slice(1, -1) : value;
  }
  return { type: type.toLowerCase(), parameters };
}

/**
 * How fast the codec is, next to protobufjs and native snappy in the same run on the same inputs. Absolute times say little about another
 * machine; the ratios do. Run: `npm run bench -w @timestream-prometheus/prom-codec`.
 */
import protobuf from 'protobufjs';
import native from 'snappy';
import {
  createSamples,
  decodeReadResponse,
  decodeSnappy,
  decodeWriteRequest,
  encodeReadResponse,
  encodeSeriesChunks,
  encodeSnappy,
  encodeWriteRequest,
  type TimeSeries,
} from '../src/index.js';
import { createRandom, measureCpu } from './measure-cpu.js';

const CASES = [
  { title: '500 series x 1 sample', series: 500, samplesPerSeries: 1 },
  { title: '2000 series x 1 sample', series: 2_000, samplesPerSeries: 1 },
  { title: '2000 series x 5 samples', series: 2_000, samplesPerSeries: 5 },
  { title: '50 series x 10000 samples', series: 50, samplesPerSeries: 10_000 },
] as const;

const SEED = 20_261_122;
const SCHEMA = `
  syntax = "proto3";
  message WriteRequest { repeated TimeSeries timeseries = 1; }
  message ReadResponse { repeated QueryResult results = 1; }
  message QueryResult { repeated TimeSeries timeseries = 1; }
  message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; }
  message Label { string name = 1; string value = 2; }
  message Sample { double value = 1; int64 timestamp = 2; }
`;

const root = protobuf.parse(SCHEMA, { keepCase: true }).root;
const writeRequestType = root.lookupType('WriteRequest');
const readResponseType = root.lookupType('ReadResponse');

function createSeries(count: number, samplesPerSeries: number): TimeSeries[] {
  const random = createRandom(SEED);
  return Array.from({ length: count }, (_, index) => ({
    labels: [
      { name: '__name__', value: `http_request_duration_seconds_bucket_${index % 40}` },
      { name: 'cluster', value: 'production-eu-central-1' },
      { name: 'container', value: `service-${index % 20}` },
      { name: 'endpoint', value: 'metrics' },
      { name: 'instance', value: `10.0.${index % 250}.17:9100` },
      { name: 'job', value: 'kubernetes-service-endpoints' },
      { name: 'le', value: `${(index % 12) / 4}` },
      { name: 'method', value: 'GET' },
      { name: 'namespace', value: `team-${index % 30}` },
      { name: 'pod', value: `service-${index % 20}-7c9f9d5b6-${index.toString(36).padStart(5, '0')}` },
    ],
    samples: createSamples(
      Array.from({ length: samplesPerSeries }, (__, sample) => [
        1_795_340_322_000 + sample * 15_000 + Math.floor(random() * 5),
        random() * 1e4,
      ]),
    ),
    exemplars: [],
    histograms: [],
  }));
}

function report(title: string, times: Record<string, number>, samples: number): void {
  const [ours = NaN, theirs = NaN] = Object.values(times);
  const [, theirName = ''] = Object.keys(times);
  const rate = samples > 0 ? `, ${(samples / ours / 1_000).toFixed(2)} M samples/s` : '';
  const compared = Number.isNaN(theirs) ? '' : `, ${theirName} ${theirs.toFixed(3)} ms, ratio ${(theirs / ours).toFixed(2)}`;
  process.stdout.write(`  ${title.padEnd(20)} ${ours.toFixed(3)} ms${rate}${compared}\n`);
}

for (const { title, series: count, samplesPerSeries } of CASES) {
  const timeseries = createSeries(count, samplesPerSeries);
  const request = { timeseries, metadata: [] };
  const response = { results: [{ timeseries }] };
  const body = encodeWriteRequest(request);
  const answer = encodeReadResponse(response);
  const block = encodeSnappy(body);
  const bodyBuffer = Buffer.from(body);
  const blockBuffer = Buffer.from(block);
  const answerMessage = readResponseType.decode(answer);
  const samples = count * samplesPerSeries;
  process.stdout.write(`${title}: ${body.length} bytes, ${block.length} in snappy (native: ${native.compressSync(bodyBuffer).length})\n`);
  report(
    'decodeWriteRequest',
    measureCpu({ ours: () => decodeWriteRequest(body), protobufjs: () => writeRequestType.decode(body) }),
    samples,
  );
  report(
    'decodeReadResponse',
    measureCpu({ ours: () => decodeReadResponse(answer), protobufjs: () => readResponseType.decode(answer) }),
    samples,
  );
  report(
    'encodeReadResponse',
    measureCpu({ ours: () => encodeReadResponse(response), protobufjs: () => readResponseType.encode(answerMessage).finish() }),
    samples,
  );
  report(
    'encodeSeriesChunks',
    measureCpu({ ours: () => timeseries.map((series) => encodeSeriesChunks(series.labels, series.samples)) }),
    samples,
  );
  report(
    'decodeSnappy',
    measureCpu({
      ours: () => decodeSnappy(block, { maxBytes: body.length }),
      native: () => native.uncompressSync(blockBuffer, { copyOutputData: true }),
    }),
    0,
  );
  report('encodeSnappy', measureCpu({ ours: () => encodeSnappy(body), native: () => native.compressSync(bodyBuffer) }), 0);
}

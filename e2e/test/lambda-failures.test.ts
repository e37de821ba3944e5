import { randomBytes } from 'node:crypto';
import { series, writeBody } from '@timestream-prometheus/connector-testing';
import { encodeSnappy, type TimeSeries } from '@timestream-prometheus/prom-codec';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../harness/child-program.js';
import { isMissing } from '../harness/requirements.js';
import { startLocalStack, type LocalStack, type LocalStackOptions } from '../lambda/local-stack.js';
import { post, storedSamples, writeUntilStored } from '../harness/remote-client.js';

const key = { accessKeyId: 'AKIAEXAMPLEACCESSKEY', secretAccessKey: 'example/secret+access/key' };
const readerKey = { accessKeyId: 'AKIAEXAMPLEREADERKEY', secretAccessKey: 'reader/secret', allowedOperations: ['Query', 'DescribeTable'] };
const me = { basic: key };
const nowMs = Date.now();

function one(metric: string, value = 1): readonly TimeSeries[] {
  return [series({ __name__: metric, instance: 'a:1' }, [nowMs, value])];
}

function metricsOf(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_none, index) => `${prefix}_${String(index).padStart(2, '0')}`);
}

function useStack(options: LocalStackOptions): () => LocalStack {
  let stack: LocalStack | undefined;
  beforeAll(async () => {
    stack = await startLocalStack({ keys: [key, readerKey], ...options });
  });
  afterEach(() => stack?.timestream.faults.clear());
  afterAll(() => stack?.close());
  return () => {
    if (stack === undefined) throw new Error('the stack did not start');
    return stack;
  };
}

describe.skipIf(isMissing('lambdaRuntime'))('the deployed stack', () => {
  describe('with twenty execution environments to start', () => {
    const stack = useStack({ maxConcurrency: 20 });

    it('answers twenty writes at once that find none started, and stores all of them', async () => {
      const { writeUrl, readUrl, function: lambda } = stack();
      const metrics = metricsOf('cold', 20);
      expect(lambda.counts.coldStarts).toBe(0);
      const answers = await Promise.all(metrics.map((metric) => post(writeUrl, writeBody(one(metric)), me)));
      expect(answers.map(({ status, text }) => `${status} ${text}`)).toEqual(metrics.map(() => '204 '));
      expect(lambda.counts).toEqual({ invocations: 20, coldStarts: 20, throttles: 0 });
      expect(await storedSamples(readUrl, 'cold_.*', me)).toEqual(metrics.map((metric) => `${metric}: 1`));
    });

    it('writes on after its processes were frozen for longer than Timestream keeps idle connections', async () => {
      const { writeUrl, readUrl, function: lambda } = stack();
      const { coldStarts } = lambda.counts;
      await new Promise((resolve) => setTimeout(resolve, 7_000));
      const metrics = metricsOf('thawed', 20);
      const answers = await Promise.all(metrics.map((metric) => post(writeUrl, writeBody(one(metric)), me)));
      expect(answers.map(({ status, text }) => `${status} ${text}`)).toEqual(metrics.map(() => '204 '));
      expect(lambda.counts.coldStarts).toBe(coldStarts);
      expect(await storedSamples(readUrl, 'thawed_.*', me)).toEqual(metrics.map((metric) => `${metric}: 1`));
    });

    it('answers 503 with Retry-After while Timestream throttles, and loses nothing', async () => {
      const { writeUrl, readUrl, timestream } = stack();
      const metrics = metricsOf('throttled', 5);
      timestream.faults.throttleNext(1_000_000, 'WriteRecords');
      const refused = await Promise.all(metrics.map((metric) => post(writeUrl, writeBody(one(metric)), me)));
      for (const { status, text, retryAfter } of refused) {
        expect({ status, code: text.split(':')[0] }).toEqual({ status: 503, code: 'throttled' });
        expect(Number(retryAfter)).toBeGreaterThanOrEqual(1);
      }
      const resending = Promise.all(metrics.map((metric) => writeUntilStored(writeUrl, one(metric), me)));
      timestream.faults.clear();
      await resending;
      expect(await storedSamples(readUrl, 'throttled_.*', me)).toEqual(metrics.map((metric) => `${metric}: 1`));
    });

    it('lets each of several requests at once do what its own key may, whichever process takes it', async () => {
      const { writeUrl, readUrl, function: lambda } = stack();
      const { coldStarts } = lambda.counts;
      const identities = {
        good: me,
        wrong: { basic: { ...key, secretAccessKey: 'a/wrong/secret' } },
        reader: { basic: readerKey },
        nobody: { basic: { accessKeyId: 'AKIANOBODYKNOWSTHIS0', secretAccessKey: 'x' } },
        none: undefined,
      };
      const codes = {
        good: '204 ',
        wrong: '403 invalid-credentials',
        reader: '403 access-denied',
        nobody: '403 invalid-credentials',
        none: '401 missing-credentials',
      };
      const names = Object.keys(identities) as readonly (keyof typeof identities)[];
      for (let round = 0; round < 4; round += 1) {
        const answers = await Promise.all(
          names.map(async (name) => {
            const { status, text } = await post(writeUrl, writeBody(one(`by_${name}_${round}`)), identities[name]);
            return [name, `${status} ${text.split(':')[0] ?? ''}`];
          }),
        );
        expect(Object.fromEntries(answers)).toEqual(codes);
      }
      const stored = ['by_good_0: 1', 'by_good_1: 1', 'by_good_2: 1', 'by_good_3: 1'];
      expect(await storedSamples(readUrl, 'by_.*', identities.reader)).toEqual(stored);
      await expect(storedSamples(readUrl, 'by_.*', identities.wrong)).rejects.toThrow(/^403 invalid-credentials/);
      expect(lambda.counts.coldStarts).toBe(coldStarts);
      expect(lambda.output()).not.toContain(key.secretAccessKey);
    });

    it('answers 413 to what API Gateway or Lambda cannot carry, and hands everything below to the connector', async () => {
      const { writeUrl } = stack();
      const answerTo = async (bytes: number) => {
        const { status, text } = await post(writeUrl, encodeSnappy(randomBytes(bytes)), me);
        return `${status} ${text.slice(0, 40)}`;
      };
      expect(await answerTo(10 * 1024 * 1024)).toBe('413 {"message":"Request Entity Too Large"}');
      expect(await answerTo(4_720_000)).toBe('413 {"message":"Request Too Long"}');
      expect(await answerTo(4_710_000)).toMatch(/^400 malformed-body: /);
    });

    it('takes 2,000 samples of as many series, what Prometheus sends at most, in a twentieth of that', async () => {
      const { writeUrl, function: lambda } = stack();
      const labels = Object.fromEntries(Array.from({ length: 15 }, (_none, index) => [`label_${index}`, randomBytes(8).toString('hex')]));
      const batch = Array.from({ length: 2_000 }, (_none, index) =>
        series({ __name__: 'full_batch', ...labels, id: randomBytes(16).toString('hex'), n: `${index}` }, [nowMs, Math.random()]),
      );
      const body = writeBody(batch);
      expect(body.length).toBeLessThan(4_700_000 / 20);
      const { status, text } = await post(writeUrl, body, me);
      expect({ status, text }, lambda.output().slice(-2_000)).toEqual({ status: 204, text: '' });
    });

    it('has no route for anything but its two paths below the stage, and takes no header over 10,240 bytes', async () => {
      const { writeUrl, readUrl, function: lambda } = stack();
      const { invocations } = lambda.counts;
      const elsewhere = [
        writeUrl.replace('/dev/', '/'),
        writeUrl.replace('/dev/', '/prod/'),
        `${writeUrl}/`,
        readUrl.replace('/read', '/-/healthy'),
      ];
      for (const url of elsewhere) {
        const { status, text } = await post(url, writeBody(one('nowhere')), me);
        expect({ url, status, text }).toEqual({ url, status: 404, text: '{"message":"Not Found"}' });
      }
      expect((await post(writeUrl, writeBody(one('nowhere')), me, { 'x-long': 'x'.repeat(10_240) })).status).toBe(431);
      expect(lambda.counts.invocations).toBe(invocations);
    });

    it('starts a new process after one that broke off, whose sender is told to come again', async () => {
      const { writeUrl, readUrl, timestream, function: lambda } = stack();
      timestream.faults.delayMs(1_500, 'WriteRecords');
      const sent = lambda.counts.invocations;
      const broken = post(writeUrl, writeBody(one('broken_off')), me);
      await eventually('the invocation', () => Promise.resolve(lambda.counts.invocations > sent));
      for (const pid of lambda.pids()) process.kill(pid, 'SIGKILL');
      const { status, text } = await broken;
      expect({ status, text }).toEqual({ status: 500, text: '{"message":"Internal Server Error"}' });
      timestream.faults.clear();
      await writeUntilStored(writeUrl, one('broken_off'), me);
      expect(await storedSamples(readUrl, 'broken_off', me)).toEqual(['broken_off: 1']);
    });
  });

  describe('with WriteThrottlingBurstLimit=2', () => {
    const stack = useStack({ parameters: { WriteThrottlingBurstLimit: '2' } });

    it('answers 429 to the writes above it and lets reads through; sent again, all are stored', async () => {
      const { writeUrl, readUrl } = stack();
      const metrics = metricsOf('limited', 6);
      const answers = await Promise.all(metrics.map((metric) => post(writeUrl, writeBody(one(metric)), me)));
      const taken = metrics.filter((_metric, index) => answers[index]?.status === 204);
      const refused = answers.filter(({ status }) => status !== 204).map(({ status, text }) => `${status} ${text}`);
      expect(new Set(refused)).toEqual(new Set(['429 {"message":"Too Many Requests"}']));
      expect(await storedSamples(readUrl, 'limited_.*', me)).toEqual(taken.map((metric) => `${metric}: 1`));
      await Promise.all(metrics.map((metric) => writeUntilStored(writeUrl, one(metric), me)));
      expect(await storedSamples(readUrl, 'limited_.*', me)).toEqual(metrics.map((metric) => `${metric}: 1`));
    });
  });

  describe('with ReservedConcurrency=1', () => {
    const stack = useStack({ parameters: { ReservedConcurrency: '1' } });

    it('answers 503 to what finds the one process busy; sent again, all is stored', async () => {
      const { writeUrl, readUrl, timestream, function: lambda } = stack();
      const metrics = metricsOf('reserved', 4);
      timestream.faults.delayMs(500, 'WriteRecords');
      const answers = await Promise.all(metrics.map((metric) => post(writeUrl, writeBody(one(metric)), me)));
      timestream.faults.clear();
      const texts = answers.map(({ status, text }) => `${status} ${text}`).sort();
      expect(texts).toEqual(['204 ', ...Array.from({ length: 3 }, () => '503 {"message":"Service Unavailable"}')]);
      await Promise.all(metrics.map((metric) => writeUntilStored(writeUrl, one(metric), me)));
      expect(await storedSamples(readUrl, 'reserved_.*', me)).toEqual(metrics.map((metric) => `${metric}: 1`));
      expect(lambda.counts.coldStarts).toBe(1);
    });
  });

  describe('with TimeoutInMillis=2000', () => {
    const stack = useStack({ parameters: { TimeoutInMillis: '2000' } });

    it('answers 503 itself when Timestream takes longer, to writes and to reads, and works on afterwards', async () => {
      const { writeUrl, readUrl, timestream } = stack();
      timestream.faults.delayMs(20_000);
      const [write, read] = await Promise.all([
        post(writeUrl, writeBody(one('late')), me),
        storedSamples(readUrl, 'late', me).catch((error: unknown) => String(error)),
      ]);
      expect({ status: write.status, code: write.text.split(':')[0] }).toEqual({ status: 503, code: 'deadline-exceeded' });
      expect(Number(write.retryAfter)).toBeGreaterThanOrEqual(1);
      expect(read).toMatch(/^Error: 503 deadline-exceeded/);
      timestream.faults.clear();
      await writeUntilStored(writeUrl, one('late'), me);
      expect(await storedSamples(readUrl, 'late', me)).toEqual(['late: 1']);
    });
  });

  describe('behind a gateway that gives up before the connector does', () => {
    const stack = useStack({ integrationTimeoutMs: 1_000 });

    it('has stored what the gateway answered 503 for, and takes it once more', async () => {
      const { writeUrl, readUrl, timestream } = stack();
      await writeUntilStored(writeUrl, one('warm'), me);
      timestream.faults.delayMs(2_000, 'WriteRecords');
      const { status, text } = await post(writeUrl, writeBody(one('given_up')), me);
      expect({ status, text }).toEqual({ status: 503, text: '{"message":"Service Unavailable"}' });
      timestream.faults.clear();
      await eventually('the sample', async () => (await storedSamples(readUrl, 'given_up', me)).length === 1);
      expect((await post(writeUrl, writeBody(one('given_up')), me)).status).toBe(204);
      expect(await storedSamples(readUrl, 'given_up', me)).toEqual(['given_up: 1']);
    });
  });
});

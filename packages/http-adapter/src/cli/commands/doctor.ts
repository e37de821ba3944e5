import { setTimeout as wait } from 'node:timers/promises';
import { examineTimestream, examineUrl, parseBoolean, type Finding } from '@timestream-prometheus/connector/operations';
import { DESTINATION_OPTIONS, MISUSE_EXIT, OUTPUT_OPTION, type CommandDefinition, type CommandInput } from '../command-definition.js';
import type { ProgramHost } from '../program-host.js';
import { ACCESS_OPTIONS, openUrl } from '../open-url.js';
import { openDestination } from '../open-destination.js';
import { wrapText } from '../wrap-text.js';

const SYMBOLS: Readonly<Record<Finding['outcome'], string>> = { ok: 'ok  ', warning: 'warn', failed: 'FAIL', skipped: 'skip' };

/** A check of a person, not of a machine room: longer than this nothing takes. */
const TIMEOUT_MS = 120_000;

export const DOCTOR: CommandDefinition = {
  name: 'doctor',
  summary: 'Look at what a person cannot see, and say what is wrong and what to type.',
  details:
    'Without an address: at Timestream, with the credentials that the AWS SDK finds here (environment, profile, role): credentials, permissions by action, region and endpoint, clock, database, table, retention, how full the table is, schema conflicts, and one sample written and read back. With an address: at a running connector, as a Prometheus sees it. The sample is of the series timestream_prometheus_doctor{job="doctor"}; on Amazon Timestream its queries are charged like any other.',
  args: [
    {
      name: 'url',
      help: 'Address of a running connector; /write and /read at its end are taken off.',
      isRequired: false,
      completes: 'nothing',
    },
  ],
  connectorOptions: DESTINATION_OPTIONS,
  ownOptions: [
    OUTPUT_OPTION,
    {
      flag: 'write-sample',
      defaultText: 'true',
      kind: 'boolean',
      placeholder: '<true|false>',
      help: 'Write one sample and read it back.',
      parse: parseBoolean,
    },
    ...ACCESS_OPTIONS,
  ],
  examples: [
    { line: 'doctor --storage=embedded', meaning: 'the Timestream on this machine, running or not' },
    {
      line: 'doctor --default-database=metrics --default-table=prometheus --region=eu-west-1',
      meaning: 'Amazon Timestream, with the credentials found here',
    },
    {
      line: 'doctor https://connector.example.com --username=AKIA… --password-file=secret',
      meaning: 'a deployed connector, as a Prometheus would use it',
    },
    {
      line: 'doctor https://abc.execute-api.eu-west-1.amazonaws.com/dev --sigv4 --region=eu-west-1',
      meaning: 'a connector behind API Gateway with IAM authorization',
    },
  ],
  exitCodes: [
    { code: 0, meaning: 'nothing is wrong; there may be warnings' },
    { code: 1, meaning: 'something is wrong: a line with FAIL says what, the lines below what to do' },
    MISUSE_EXIT,
  ],
  async run(input, host) {
    const report = createReport(input, host);
    const [url] = input.args;
    if (url === undefined) {
      const destination = await openDestination(input.flags, host);
      try {
        report.begin(destination.description);
        for await (const finding of examineTimestream({
          ...destination,
          source: destination.storage,
          authorization: undefined,
          writesSample: input.own['write-sample'] === true,
          clock: { nowMs: () => Date.now() },
          wait: (ms) => wait(ms),
          signal: AbortSignal.any([host.stopSignal, AbortSignal.timeout(TIMEOUT_MS)]),
        }))
          report.add(finding);
      } finally {
        await destination.close();
      }
    } else {
      const remote = await openUrl(url, input, host);
      report.begin(remote.baseUrl);
      for await (const finding of examineUrl({
        ...remote,
        writesSample: input.own['write-sample'] === true,
        clock: { nowMs: () => Date.now() },
        wait: (ms) => wait(ms),
        signal: AbortSignal.any([host.stopSignal, AbortSignal.timeout(TIMEOUT_MS)]),
      }))
        report.add(finding);
    }
    return report.end();
  },
};

/** Findings are shown as they come: some take seconds. */
function createReport(
  input: CommandInput,
  host: ProgramHost,
): { begin(subject: string): void; add(finding: Finding): void; end(): number } {
  const findings: Finding[] = [];
  const isJson = input.own['output'] === 'json';
  let about = '';
  return {
    begin(subject) {
      about = subject;
      if (!isJson) host.writeOut(`Looking at ${subject}\n\n`);
    },
    add(finding) {
      findings.push(finding);
      if (isJson) return;
      const { check, outcome, found, remedy } = finding;
      host.writeOut(wrapText(`  ${SYMBOLS[outcome]}  ${check.padEnd(13)}  `, found));
      for (const line of remedy) host.writeOut(wrapText('                         > ', line));
    },
    end() {
      const count = (outcome: Finding['outcome']): number => findings.filter((finding) => finding.outcome === outcome).length;
      const isWell = count('failed') === 0;
      if (isJson) host.writeOut(`${JSON.stringify({ subject: about, healthy: isWell, findings }, undefined, 2)}\n`);
      else {
        const warnings = count('warning');
        const warned = warnings === 0 ? '' : `, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`;
        host.writeOut(
          isWell
            ? `\nNothing is wrong${warned}.\n`
            : `\n${count('failed')} wrong${warned}: do what the lines with > say, and run this again.\n`,
        );
      }
      return isWell ? 0 : 1;
    },
  };
}

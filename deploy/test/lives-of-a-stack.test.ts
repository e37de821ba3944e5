import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fillPolicy, loadPolicy, type PolicyName, type PolicyStatement } from '../policy/evaluate-policy.js';
import { releaseOf, zip } from '../package.mjs';
import { startStandIn, type StandIn } from '../stand-in/start-stand-in.js';
import { deployFolder, loadTemplate, textOf } from '../stack/template-document.js';
import { findPython, isMissing, motoCheck, resourceActions, runProgram } from './aws-tools.js';
import { excusedActions } from './excused-actions.js';

const python = findPython(motoCheck);
const lacksMoto = isMissing(
  'a Python with moto, its cfn-lint and AWS’ SAM translator',
  python !== undefined,
  'REQUIRE_MOTO',
  'To deploy the stacks to a stand-in for AWS: `pip install "moto[server]==5.2.5" cfn-lint==1.58.0 aws-sam-translator==1.110.0`.',
);
const lacksSam = isMissing(
  'sam',
  runProgram('sam', ['--version']).status === 0,
  'REQUIRE_SAM',
  'To deploy the stack to a stand-in for AWS: `pip install aws-sam-cli`.',
);
const lacksAws = isMissing(
  'the aws command line',
  runProgram('aws', ['--version']).status === 0,
  'REQUIRE_AWS_CLI',
  '`pip install awscli`.',
);

function policy(...names: readonly PolicyName[]): readonly PolicyStatement[] {
  return fillPolicy(names.flatMap(loadPolicy), { others: { 'truststore-bucket': 'trusted-clients', bucket: 'my-bucket' } });
}

/** Who does what, with exactly the policies that the guide gives them. */
const users = {
  deployer: policy('deployment', 'deployment-options'),
  cleaner: policy('deployment', 'deployment-options', 'cleanup'),
  /** As before the policies had delete actions. */
  withoutDeleting: policy('deployment', 'deployment-options').map((statement) => ({
    ...statement,
    Action: statement.Action.filter((action) => !action.includes(':Delete')),
  })),
  privateNetwork: policy('privatelink'),
  stranger: policy('execution'),
} as const;
type User = keyof typeof users;

interface CommandRun {
  readonly exitCode: number;
  readonly output: string;
}

describe.skipIf(lacksMoto || lacksAws)('the lives of a stack, on a stand-in for AWS', () => {
  let standIn: StandIn;
  let home: string;

  beforeAll(async () => {
    const types = ['template.yml', 'privatelink/template.yml'].flatMap((file) =>
      Object.values(loadTemplate(file).Resources).map(({ Type }) => textOf(Type).replace('Serverless::Function', 'Lambda::Function')),
    );
    standIn = await startStandIn({
      python: python ?? 'python3',
      policies: new Map(Object.entries(users)),
      resourceActions: resourceActions(python ?? 'python3', [...new Set(types)]),
      isExcused: (type, action) => excusedActions.some((excuse) => excuse.type === type && excuse.actions.includes(action)),
    });
    home = mkdtempSync(path.join(tmpdir(), 'stand-in-'));
    // A release as a user unpacks it, with a small function in place of the real one: nothing here runs it.
    const connector = await zip({ 'index.mjs': Buffer.from('export const handler = () => undefined;\n') });
    for (const [name, bytes] of Object.entries(releaseOf({ 'connector.zip': connector }))) {
      mkdirSync(path.dirname(path.join(home, 'release', name)), { recursive: true });
      writeFileSync(path.join(home, 'release', name), bytes);
    }
  });
  afterAll(async () => {
    await standIn.close();
    rmSync(home, { recursive: true, force: true });
  });

  /** Runs a program as a person would, whose credentials are a user's and whose AWS is the stand-in. */
  async function run(user: User, program: string, args: readonly string[], folder = path.join(home, 'release')): Promise<CommandRun> {
    const environment = {
      ...process.env,
      HOME: home,
      PYENV_ROOT: process.env['PYENV_ROOT'],
      AWS_ENDPOINT_URL: standIn.url,
      AWS_ACCESS_KEY_ID: user,
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_PAGER: '',
      AWS_MAX_ATTEMPTS: '1',
      SAM_CLI_TELEMETRY: '0',
    };
    return await new Promise((resolve) => {
      execFile(program, args, { cwd: folder, env: environment, maxBuffer: 10 * 1024 * 1024 }, (error, stdout, stderr) => {
        resolve({ exitCode: error === null ? 0 : Number(error.code), output: stdout + stderr });
      });
    });
  }

  /** A request to CloudFormation without a command line around it: what the console sends. */
  async function cloudFormation(user: User, fields: Readonly<Record<string, string>>): Promise<string> {
    const response = await fetch(standIn.url, {
      method: 'POST',
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=${user}/20260101/us-east-1/cloudformation/aws4_request, SignedHeaders=host, Signature=0`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams({ Version: '2010-05-15', ...fields }).toString(),
    });
    return await response.text();
  }

  describe.skipIf(lacksSam)('by sam', () => {
    it('goes through creating, looking at the logs, updating and deleting, and through it once more, with our policies alone', async () => {
      for (const life of ['first', 'second']) {
        const deployed = await run('deployer', 'sam', ['deploy']);
        expect(standIn.takeRefusals(), `${life} life: ${deployed.output}`).toEqual([]);
        expect(deployed.exitCode, deployed.output).toBe(0);
        expect(deployed.output).toMatch(/Key\s+InvokeWriteURL/);

        for (const command of [
          // What `aws logs tail` calls; version 1 of the command line has no `tail`.
          ['aws', 'logs', 'filter-log-events', '--log-group-name', '/aws/lambda/PrometheusTimestreamConnector'],
          ['aws', 'logs', 'filter-log-events', '--log-group-name', '/aws/vendedlogs/PrometheusTimestreamConnector'],
          ['sam', 'logs', '--stack-name', 'PrometheusTimestreamConnector', '--name', 'LambdaFunction'],
        ]) {
          const looked = await run('deployer', command[0] ?? '', command.slice(1));
          expect(looked.exitCode, `${command.join(' ')}: ${looked.output}`).toBe(0);
        }

        const updated = await run('deployer', 'sam', ['deploy', '--parameter-overrides', 'APIGatewayStageName=prod LogRetentionInDays=7']);
        expect(updated.exitCode, updated.output).toBe(0);
        expect(updated.output).toMatch(/execute-api\.us-east-1\.amazonaws\.com\/prod\/write/);

        const deleted = await run('cleaner', 'sam', ['delete', '--no-prompts', '--region', 'us-east-1']);
        expect(standIn.takeRefusals(), deleted.output).toEqual([]);
        expect(deleted.exitCode, deleted.output).toBe(0);
        expect(deleted.output).toContain('Deleted successfully');
        expect(
          (await run('cleaner', 'aws', ['cloudformation', 'describe-stacks', '--stack-name', 'PrometheusTimestreamConnector'])).output,
        ).toContain('does not exist');
      }
    }, 600_000);

    it('lets nobody deploy who has another policy', async () => {
      const { exitCode, output } = await run('stranger', 'sam', ['deploy']);
      expect(exitCode).not.toBe(0);
      expect(output).toMatch(/AccessDenied|not authorized/);
      expect(standIn.takeRefusals()).not.toEqual([]);
    });
  });

  describe('by the console', () => {
    const stackName = 'PrometheusTimestreamConnector';
    const template = readFileSync(`${deployFolder}/template.yml`, 'utf8').replace(
      'CodeUri: dist/connector.zip',
      'CodeUri: s3://aws-sam-cli-managed-default-packages/package',
    );
    const change = async (
      user: User,
      action: 'CreateStack' | 'UpdateStack',
      parameters: Readonly<Record<string, string>> = {},
    ): Promise<string> => {
      const members = Object.entries(parameters).flatMap(([name, value], index): [string, string][] => [
        [`Parameters.member.${String(index + 1)}.ParameterKey`, name],
        [`Parameters.member.${String(index + 1)}.ParameterValue`, value],
      ]);
      return await cloudFormation(user, {
        Action: action,
        StackName: stackName,
        TemplateBody: template,
        ...Object.fromEntries<string>(members),
      });
    };
    /** What of the stack exists in moto, by logical name and type. */
    const resourcesOf = async (): Promise<readonly string[]> => {
      const text = await cloudFormation('deployer', { Action: 'ListStackResources', StackName: stackName });
      return Array.from(text.matchAll(/<LogicalResourceId>(\w+)<\/LogicalResourceId>/g), ([, name]) =>
        (name ?? '').replace(/Again\d+$/, ''),
      ).sort();
    };

    beforeAll(async () => {
      const asDeployer = ['s3', 'mb', 's3://aws-sam-cli-managed-default-packages'];
      expect((await run('deployer', 'aws', asDeployer)).exitCode).toBe(0);
      cpSync(path.join(home, 'release', 'dist', 'connector.zip'), path.join(home, 'package'));
      const upload = await run('deployer', 'aws', [
        's3',
        'cp',
        path.join(home, 'package'),
        's3://aws-sam-cli-managed-default-packages/package',
      ]);
      expect(upload.exitCode, upload.output).toBe(0);
    });

    it('a creation that meets a log group of another life fails, and succeeds when that is gone', async () => {
      const group = '/aws/lambda/PrometheusTimestreamConnector';
      await run('deployer', 'aws', ['logs', 'create-log-group', '--log-group-name', group]);
      expect(await change('deployer', 'CreateStack')).toMatch(/already exists/i);
      const removed = await run('deployer', 'aws', ['logs', 'delete-log-group', '--log-group-name', group]);
      expect(removed.exitCode, removed.output).toBe(0);
      await cloudFormation('deployer', { Action: 'DeleteStack', StackName: stackName });
      expect(await change('deployer', 'CreateStack')).toContain('<StackId>');
      expect(standIn.takeRefusals()).toEqual([]);
    });

    const everyParameter: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      DefaultDatabase: { DefaultDatabase: 'Metrics' },
      DefaultTable: { DefaultTable: 'Samples' },
      CreateDatabaseAndTable: { CreateDatabaseAndTable: 'true' },
      MemoryStoreRetentionInHours: { CreateDatabaseAndTable: 'true', MemoryStoreRetentionInHours: '24' },
      MagneticStoreRetentionInDays: { CreateDatabaseAndTable: 'true', MagneticStoreRetentionInDays: '30' },
      EnableSigV4Auth: { EnableSigV4Auth: 'true' },
      CustomDomainName: { CustomDomainName: 'prometheus.example.com', CertificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/x' },
      CertificateArn: { CustomDomainName: 'prometheus.example.com', CertificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/y' },
      TruststoreUri: {
        CustomDomainName: 'prometheus.example.com',
        CertificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/x',
        TruststoreUri: 's3://trusted-clients/ca.pem',
      },
      APIGatewayStageName: { APIGatewayStageName: 'prod' },
      ReadThrottlingBurstLimit: { ReadThrottlingBurstLimit: '7' },
      WriteThrottlingBurstLimit: { WriteThrottlingBurstLimit: '7' },
      TimeoutInMillis: { TimeoutInMillis: '20000' },
      Architecture: { Architecture: 'x86_64' },
      MemorySize: { MemorySize: '1024' },
      LambdaTimeoutInSeconds: { LambdaTimeoutInSeconds: '60' },
      ReservedConcurrency: { ReservedConcurrency: '5' },
      EnableStreamingReads: { EnableStreamingReads: 'true' },
      ExecutionPolicyName: { ExecutionPolicyName: 'Mine' },
      LogLevel: { LogLevel: 'debug' },
      LogRetentionInDays: { LogRetentionInDays: '7' },
      EnableMetrics: { EnableMetrics: 'false' },
      EnableAccessLog: { EnableAccessLog: 'false' },
      EnableDetailedMetrics: { EnableDetailedMetrics: 'false' },
      EnableTracing: { EnableTracing: 'true' },
      AlarmTopicArn: { AlarmTopicArn: 'arn:aws:sns:us-east-1:123456789012:pager' },
    };

    it('knows a second value for each parameter of the template', () => {
      expect(Object.keys(everyParameter).sort()).toEqual(Object.keys(loadTemplate('template.yml').Parameters).sort());
    });

    it.each(Object.entries(everyParameter))('%s goes there and back, and leaves behind what was there before', async (_name, values) => {
      const before = await resourcesOf();
      expect(await change('deployer', 'UpdateStack', values)).toContain('<StackId>');
      expect(await change('deployer', 'UpdateStack')).toContain('<StackId>');
      expect(standIn.takeRefusals()).toEqual([]);
      expect(await resourcesOf()).toEqual(before);
    });

    it('streaming reads that are taken back leave no function behind', async () => {
      const functions = async (): Promise<string> =>
        await cloudFormation('deployer', { Action: 'DescribeStackResources', StackName: stackName });
      await change('deployer', 'UpdateStack', { EnableStreamingReads: 'true' });
      const public_ = /PrometheusTimestreamConnector-StreamingReadFunction\w*-\w+/.exec(await functions())?.[0] ?? '';
      const look = ['lambda', 'get-function-configuration', '--function-name', public_];
      expect((await run('deployer', 'aws', look)).output).toContain('index.streamHandler');
      await change('deployer', 'UpdateStack');
      expect((await run('deployer', 'aws', look)).output).toContain('ResourceNotFoundException');
    });

    it('is refused to a user who could make the public function and not remove it', async () => {
      expect(await change('withoutDeleting', 'UpdateStack', { EnableStreamingReads: 'true' })).toContain('AccessDenied');
      expect(standIn.takeRefusals().join()).toMatch(/iam:Delete|lambda:Delete/);
    });

    it('deletes it with our policies, and leaves no log and no function', async () => {
      expect(await cloudFormation('deployer', { Action: 'DeleteStack', StackName: stackName })).toContain('DeleteStackResponse');
      expect(standIn.takeRefusals()).toEqual([]);
      expect(
        (await run('deployer', 'aws', ['logs', 'filter-log-events', '--log-group-name', '/aws/lambda/PrometheusTimestreamConnector']))
          .output,
      ).toContain('ResourceNotFoundException');
    });
  });

  describe('in a VPC without internet', () => {
    const stackName = 'PrometheusTimestreamPrivateLink';
    const template = readFileSync(`${deployFolder}/privatelink/template.yml`, 'utf8');
    const change = async (action: 'CreateStack' | 'UpdateStack', parameters: Readonly<Record<string, string>> = {}): Promise<string> => {
      const given = { ServerBucket: 'my-bucket', ServerKey: 'connector-server-0123456789abcdef.zip', ...parameters };
      const members = Object.entries(given).flatMap(([name, value], index): [string, string][] => [
        [`Parameters.member.${String(index + 1)}.ParameterKey`, name],
        [`Parameters.member.${String(index + 1)}.ParameterValue`, value],
      ]);
      return await cloudFormation('privateNetwork', {
        Action: action,
        StackName: stackName,
        TemplateBody: template,
        ...Object.fromEntries<string>(members),
      });
    };
    const resourcesOf = async (): Promise<string> =>
      await cloudFormation('privateNetwork', { Action: 'DescribeStackResources', StackName: stackName });

    // Deleting is asked for and allowed; moto's CloudFormation makes a route table and cannot delete it, so there is no second life here.
    it('is created, updated there and back, and may be deleted, with our policy alone', async () => {
      expect(await change('CreateStack')).toContain('<StackId>');
      expect(await resourcesOf()).toContain('AWS::AutoScaling::AutoScalingGroup');
      for (const values of [
        { ServerKey: 'connector-server-fedcba9876543210.zip' },
        { LogLevel: 'debug' },
        { EnableSigV4Auth: 'false' },
        { EnableSessionManager: 'false' },
        { TimestreamWriteCell: 'ingest-cell2' },
        { PrometheusCidr: '10.20.0.0/16' },
      ]) {
        expect(await change('UpdateStack', values)).toContain('<StackId>');
        expect(await change('UpdateStack')).toContain('<StackId>');
      }
      await cloudFormation('privateNetwork', { Action: 'DeleteStack', StackName: stackName });
      expect(standIn.takeRefusals()).toEqual([]);
    });
  });
});

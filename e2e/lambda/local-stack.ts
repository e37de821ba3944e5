import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createStack, type Stack } from '@timestream-prometheus/deploy/create-stack';
import { bundle, packages, zip } from '@timestream-prometheus/deploy/package';
import { loadTemplate, textOf, type Json, type JsonRecord } from '@timestream-prometheus/deploy/template-document';
import { startEmbeddedTimestream, type EmbeddedCredential, type EmbeddedTimestream } from '@timestream-prometheus/timestream-embedded';
import { unzipSync } from 'fflate';
import type { ApiCaller } from './execute-api-signature.js';
import { startHttpApi, type HttpApi, type HttpApiRoute } from './http-api.js';
import { createLambdaFunction, type LambdaFunction } from './lambda-function.js';

export interface LocalStackOptions {
  /** Parameters of the template, as `sam deploy --parameter-overrides` takes them. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Further environment variables of the function. */
  readonly env?: Readonly<Record<string, string>>;
  /** Keys that Timestream knows, beside the function's role. */
  readonly keys?: readonly EmbeddedCredential[];
  /** Who may call the API where it demands signatures. */
  readonly callers?: readonly ApiCaller[];
  /** Execution environments that the account has left for the function, unless it reserves its own. */
  readonly maxConcurrency?: number;
  /** Instead of the template's. */
  readonly integrationTimeoutMs?: number;
  /** Adds a `$default` route, so that every path reaches the function. */
  readonly hasDefaultRoute?: boolean;
  /** `index.handler` unless said otherwise. */
  readonly handler?: string;
}

/** The stack of deploy/template.yml on loopback: the packaged function under AWS' runtime client between an HTTP API and a Timestream. */
export interface LocalStack {
  readonly writeUrl: string;
  readonly readUrl: string;
  /** What Grafana is given as the URL of a Prometheus. */
  readonly queryUrl: string;
  readonly api: HttpApi;
  readonly function: LambdaFunction;
  readonly timestream: EmbeddedTimestream;
  /** As an update of the function does: its execution environments end, and new ones have these variables too. */
  redeploy(env: Readonly<Record<string, string>>): Promise<void>;
  close(): Promise<void>;
}

/** What Lambda gives the function as its role's: temporary keys. */
export const roleKey = { accessKeyId: 'ASIAEXAMPLEROLEKEY12', secretAccessKey: 'role/secret+key', sessionToken: 'role//session+token==' };

const region = 'us-east-1';
const template = loadTemplate('template.yml');

export async function startLocalStack(options: LocalStackOptions = {}): Promise<LocalStack> {
  const stack = createStack(template, { parameters: options.parameters ?? {}, region });
  const { Handler, Timeout, Environment, ReservedConcurrentExecutions } = propertiesOf(stack, 'LambdaFunction');
  const timestream = await startEmbeddedTimestream({
    credentials: [{ ...roleKey, allowedOperations: roleOperations(stack) }, ...(options.keys ?? [])],
    create: [{ databaseName: textOf(stack.outputs['DefaultDatabase']), tableName: textOf(stack.outputs['DefaultTable']) }],
  });
  const taskFolder = await unpackFunction();
  const startFunction = (env: Readonly<Record<string, string>>): LambdaFunction =>
    createLambdaFunction({
      taskFolder,
      handler: options.handler ?? textOf(Handler),
      env: {
        ...Object.fromEntries(Object.entries(recordAt(Environment, 'Variables')).map(([name, value]) => [name, textOf(value)])),
        AWS_REGION: region,
        AWS_ACCESS_KEY_ID: roleKey.accessKeyId,
        AWS_SECRET_ACCESS_KEY: roleKey.secretAccessKey,
        AWS_SESSION_TOKEN: roleKey.sessionToken,
        write_base_endpoint: timestream.url,
        query_base_endpoint: timestream.url,
        ...options.env,
        ...env,
      },
      timeoutMs: Number(Timeout) * 1000,
      maxConcurrency: Number(ReservedConcurrentExecutions ?? options.maxConcurrency ?? 8),
    });
  let lambda = startFunction({});
  const { StageName, RouteSettings } = propertiesOf(stack, 'Stage');
  const api = await startHttpApi({
    stage: textOf(StageName),
    routes: routesOf(stack, RouteSettings, options.hasDefaultRoute === true),
    region,
    callers: options.callers ?? [],
    integrationTimeoutMs: options.integrationTimeoutMs ?? Number(propertiesOf(stack, 'Integration')['TimeoutInMillis']),
    invoke: (event) => lambda.invoke(event),
  });
  const onLoopback = (output: string): string => textOf(stack.outputs[output]).replace(/^https:\/\/[^/]+/, api.url);
  return {
    writeUrl: onLoopback('InvokeWriteURL'),
    readUrl: onLoopback('InvokeReadURL'),
    queryUrl: onLoopback('InvokeQueryURL'),
    api,
    get function() {
      return lambda;
    },
    timestream,
    async redeploy(env) {
      await lambda.close();
      lambda = startFunction(env);
    },
    async close() {
      await api.close();
      await lambda.close();
      await timestream.close();
      rmSync(taskFolder, { recursive: true, force: true });
    },
  };
}

/** Makes the package as `npm run package` does, and unpacks it as Lambda does. */
async function unpackFunction(): Promise<string> {
  const definition = packages.find(({ name }) => name === 'connector.zip');
  if (definition === undefined) throw new Error('there is no connector.zip');
  const { files } = await bundle(definition);
  const taskFolder = mkdtempSync(path.join(tmpdir(), 'lambda-task-'));
  for (const [name, bytes] of Object.entries(unzipSync(await zip(files)))) writeFileSync(path.join(taskFolder, name), bytes);
  return taskFolder;
}

function propertiesOf(stack: Stack, name: string): JsonRecord {
  const resource = stack.resources[name];
  if (resource === undefined) throw new Error(`the stack has no ${name}`);
  return resource.properties;
}

function recordAt(value: Json | undefined, key: string): JsonRecord {
  return ((value as JsonRecord | undefined)?.[key] ?? {}) as JsonRecord;
}

function routesOf(stack: Stack, settings: Json | undefined, hasDefaultRoute: boolean): readonly HttpApiRoute[] {
  const routes = Object.values(stack.resources)
    .filter(({ type }) => type === 'AWS::ApiGatewayV2::Route')
    .map(({ properties: { RouteKey, AuthorizationType } }) => {
      const routeKey = textOf(RouteKey);
      const { ThrottlingRateLimit, ThrottlingBurstLimit } = recordAt(settings, routeKey);
      const limits = { ratePerSecond: Number(ThrottlingRateLimit), burst: Number(ThrottlingBurstLimit) };
      return { routeKey, isIamAuthorised: AuthorizationType === 'AWS_IAM', ...limits };
    });
  return hasDefaultRoute ? [...routes, { routeKey: '$default', isIamAuthorised: false, ratePerSecond: 1e4, burst: 1e4 }] : routes;
}

/** The operation that each action of IAM allows. */
const operationOfAction: Readonly<Record<string, string>> = {
  'timestream:WriteRecords': 'WriteRecords',
  'timestream:Select': 'Query',
  'timestream:DescribeTable': 'DescribeTable',
  'timestream:DescribeEndpoints': 'DescribeEndpoints',
  'timestream:CancelQuery': 'CancelQuery',
};

/** What the function's role may do at Timestream. */
function roleOperations(stack: Stack): readonly string[] {
  const policies = propertiesOf(stack, 'IAMLambdaRole')['Policies'] as readonly JsonRecord[];
  const statements = policies.flatMap(({ PolicyDocument }) => (PolicyDocument as JsonRecord)['Statement'] as readonly JsonRecord[]);
  return statements.flatMap(({ Action }) => Action as readonly string[]).flatMap((action) => operationOfAction[action] ?? []);
}

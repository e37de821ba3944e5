import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSocketServer, type AddressInfo } from 'node:net';
import { isAllowed, type AccessRequest, type PolicyStatement } from '../policy/evaluate-policy.js';
import { accessRequestOf, type ResourceActions } from '../policy/resource-actions.js';
import { createStack, type Stack } from '../stack/create-stack.js';
import { textOf, type Json, type JsonRecord, type Template } from '../stack/template-document.js';
import { callerOf, queryFieldsOf, requestedAccess, type AwsRequest, type Caller } from './requested-access.js';

export interface StandInOptions {
  /** A Python that has moto and AWS' SAM translator. */
  readonly python: string;
  /** What each access key may do. */
  readonly policies: ReadonlyMap<string, readonly PolicyStatement[]>;
  /** What CloudFormation does for each type of resource, from the types' schemas. */
  readonly resourceActions: ResourceActions;
  /** Whether an action has no cause in our templates, so that its refusal means nothing. */
  readonly isExcused: (type: string, action: string) => boolean;
}

/**
 * AWS on loopback: moto behind a proxy that lets through what a caller's policies allow.
 *
 * The proxy adds three things that moto does not have. It evaluates policies. It runs AWS' own SAM transform, and gives moto a template whose
 * parameters and conditions are filled in, since moto's CloudFormation does not follow conditions in an update. And before moto changes a stack, it
 * asks for every action that the schemas of the changed resources list, in the caller's name, as CloudFormation does.
 */
export interface StandIn {
  readonly url: string;
  /** What was refused since the last look, as IAM would put it. */
  takeRefusals(): readonly string[];
  close(): Promise<void>;
}

/** A change set: what moto is asked for when it is executed, and what the stack is then. SAM's own stack has no such. */
interface PendingChange {
  readonly fields: URLSearchParams;
  readonly stack: Stack | undefined;
}

export async function startStandIn(options: StandInOptions): Promise<StandIn> {
  const motoPort = await freePort();
  const moto = spawn(options.python, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(motoPort)], {
    stdio: 'ignore',
    env: { ...process.env, MOTO_ENABLE_ISO_REGIONS: 'false', PYTHONWARNINGS: 'ignore' },
  });
  const motoUrl = `http://127.0.0.1:${String(motoPort)}`;
  await untilAnswering(motoUrl);

  const refusals: string[] = [];
  const changes = new Map<string, PendingChange>();
  const stacks = new Map<string, Stack>();
  /** With what moto made a resource that it cannot change, by stack and logical name. */
  const madeWith = new Map<string, JsonRecord>();

  /** @returns why the caller may not, or undefined */
  const refusalOf = (statements: readonly PolicyStatement[], requests: readonly AccessRequest[]): string | undefined => {
    const refused = requests.find((request) => !isAllowed(statements, request));
    if (refused === undefined) return undefined;
    const text = `is not authorized to perform: ${refused.action} on resource: ${refused.resource}`;
    refusals.push(text);
    return text;
  };

  const forward = async (request: AwsRequest): Promise<Response> => {
    const headers = new Headers();
    for (const [name, value] of Object.entries(request.headers))
      if (typeof value === 'string' && !['host', 'connection', 'content-length', 'expect'].includes(name)) headers.set(name, value);
    const hasBody = request.method !== 'GET' && request.method !== 'HEAD';
    return await fetch(`${motoUrl}${request.url}`, { method: request.method, headers, ...(hasBody ? { body: request.body } : {}) });
  };

  const uploadedTemplate = async (address: string): Promise<string> => {
    // Moto tells a service by the scope of the signature, and checks no signature.
    const authorization = 'AWS4-HMAC-SHA256 Credential=stand-in/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0';
    const response = await fetch(`${motoUrl}${new URL(address).pathname}`, { headers: { authorization } });
    if (!response.ok) throw new Error(`the template at ${address} cannot be read: ${String(response.status)}`);
    return await response.text();
  };
  const transformed = new Map<string, Template>();
  const templateOf = async (fields: URLSearchParams): Promise<Template> => {
    const address = fields.get('TemplateURL');
    const text = address === null ? (fields.get('TemplateBody') ?? '') : await uploadedTemplate(address);
    const known = transformed.get(text);
    if (known !== undefined) return known;
    const { status, stdout, stderr } = spawnSync(options.python, [`${import.meta.dirname}/transform-template.py`], {
      input: text,
      encoding: 'utf8',
      env: { ...process.env, AWS_DEFAULT_REGION: 'us-east-1' },
    });
    if (status !== 0) throw new Error(stderr);
    const template = JSON.parse(stdout) as Template;
    transformed.set(text, template);
    return template;
  };

  /** Everything that CloudFormation does in the caller's name on the way from one stack to another: there, and back if it fails. */
  const accessOfChange = (
    stackName: string,
    before: Stack | undefined,
    after: Stack | undefined,
    region: string,
  ): readonly AccessRequest[] => {
    const place = {
      stackName,
      region,
      accountId: '123456789012',
      packageObject: 'aws-sam-cli-managed-default-packages/package',
      truststoreObject: 'trusted-clients/ca.pem',
    };
    const names = new Set([...Object.keys(before?.resources ?? {}), ...Object.keys(after?.resources ?? {})]);
    return [...names].flatMap((name) => {
      const was = before?.resources[name];
      const becomes = after?.resources[name];
      if (JSON.stringify(was) === JSON.stringify(becomes)) return [];
      const type = (becomes ?? was)?.type ?? '';
      const actions = Object.values(options.resourceActions[type] ?? {}).flat();
      return actions.filter((action) => !options.isExcused(type, action)).map((action) => accessRequestOf(action, type, name, place));
    });
  };

  /** How often a resource has been removed from a stack. Moto's CloudFormation takes one that comes back for the one that it deleted. */
  const removals = new Map<string, number>();
  const remember = (stackName: string, stack: Stack | undefined): void => {
    for (const resource of Object.keys(stacks.get(stackName)?.resources ?? {})) {
      const key = `${stackName}/${resource}`;
      if (stack !== undefined && stack.resources[resource] === undefined) removals.set(key, (removals.get(key) ?? 0) + 1);
    }
    if (stack === undefined) {
      stacks.delete(stackName);
      for (const key of [...removals.keys()]) if (key.startsWith(`${stackName}/`)) removals.delete(key);
    } else stacks.set(stackName, stack);
  };
  /** The template with a new logical name for each resource that comes back: `AccessLogGroup` is `AccessLogGroupAgain1` for moto. */
  const renamed = (stackName: string, template: JsonRecord): string => {
    let text = JSON.stringify(template);
    for (const [key, count] of removals) {
      const [ofStack, resource = ''] = key.split('/');
      if (ofStack !== stackName) continue;
      text = text.replaceAll(new RegExp(`(?<="|\\$\\{)${resource}(?=":\\{"Type"|[.}])`, 'g'), `${resource}Again${String(count)}`);
    }
    return text;
  };

  const keptOf = (stackName: string, resource: string, properties: JsonRecord): JsonRecord => {
    const key = `${stackName}/${resource}`;
    const kept = stacks.get(stackName)?.resources[resource] === undefined ? properties : (madeWith.get(key) ?? properties);
    madeWith.set(key, kept);
    return kept;
  };

  const withBody = (request: AwsRequest, fields: URLSearchParams): AwsRequest => ({ ...request, body: Buffer.from(fields.toString()) });

  /** Makes or changes a stack, if the caller may do all that it takes. */
  const change = async (
    request: AwsRequest,
    { service, region }: Caller,
    statements: readonly PolicyStatement[],
    { fields, stack }: PendingChange,
  ): Promise<Response> => {
    const name = stackNameOf(fields.get('StackName') ?? '');
    if (stack !== undefined) {
      const refusal = refusalOf(statements, accessOfChange(name, stacks.get(name), stack, region));
      if (refusal !== undefined) return accessDenied(service, refusal);
    }
    const answer = await forward(withBody(request, fields));
    if (answer.ok && stack !== undefined) remember(name, stack);
    return answer;
  };

  const answerCloudFormation = async (request: AwsRequest, caller: Caller, statements: readonly PolicyStatement[]): Promise<Response> => {
    const fields = queryFieldsOf(request);
    const operation = fields.get('Action') ?? '';
    const name = stackNameOf(fields.get('StackName') ?? '');
    if (operation === 'CreateChangeSet' || operation === 'CreateStack' || operation === 'UpdateStack') {
      const template = await templateOf(fields);
      // SAM's own stack has nothing to fill in, and is not ours to judge.
      const isOurs = (template as Partial<Template>).Parameters !== undefined;
      const stack = isOurs
        ? createStack(template, { parameters: parametersOf(fields), stackName: name, region: caller.region })
        : undefined;
      fields.delete('TemplateURL');
      fields.set(
        'TemplateBody',
        stack === undefined
          ? JSON.stringify(template)
          : renamed(
              name,
              filledIn(template, stack, (resource, properties) => keptOf(name, resource, properties)),
            ),
      );
      if (operation === 'CreateChangeSet') {
        changes.set(name, { fields, stack });
        return await forward(withBody(request, fields));
      }
      return await change(request, caller, statements, { fields, stack });
    }
    if (operation === 'ExecuteChangeSet') {
      const pending = changes.get(name);
      if (pending === undefined) return await forward(request);
      const refusal = refusalOf(statements, accessOfChange(name, stacks.get(name), pending.stack, caller.region));
      if (refusal !== undefined) return accessDenied(caller.service, refusal);
      const answer = await forward(request);
      if (!answer.ok) return answer;
      if (pending.stack !== undefined) remember(name, pending.stack);
      // Moto works out the outputs of a stack in UpdateStack, and not when it executes a change set.
      const again = new URLSearchParams(pending.fields);
      again.set('Action', 'UpdateStack');
      again.set(
        'TemplateBody',
        JSON.stringify({ ...(JSON.parse(again.get('TemplateBody') ?? '{}') as object), Description: 'once more, for the outputs' }),
      );
      await forward(withBody(request, again));
      return answer;
    }
    if (operation === 'DeleteStack') {
      const refusal = refusalOf(statements, accessOfChange(name, stacks.get(name), undefined, caller.region));
      if (refusal !== undefined) return accessDenied(caller.service, refusal);
      const answer = await forward(request);
      if (answer.ok) remember(name, undefined);
      return answer;
    }
    return await forward(request);
  };

  const answer = async (request: AwsRequest): Promise<Response> => {
    const caller = callerOf(request);
    if (caller === undefined) return new Response('the stand-in takes signed requests only', { status: 403 });
    const statements = options.policies.get(caller.accessKeyId) ?? [];
    const refusal = refusalOf(statements, requestedAccess(request, caller));
    if (refusal !== undefined) return accessDenied(caller.service, refusal);
    return caller.service === 'cloudformation' ? await answerCloudFormation(request, caller, statements) : await forward(request);
  };

  const proxy = createServer((incoming, outgoing) => {
    void readRequest(incoming)
      .then(answer)
      .catch((error: unknown) => new Response(String(error), { status: 500 }))
      .then((response) => send(response, incoming.method ?? 'GET', outgoing));
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    url: `http://127.0.0.1:${String((proxy.address() as AddressInfo).port)}`,
    takeRefusals: () => refusals.splice(0),
    async close() {
      proxy.closeAllConnections();
      proxy.close();
      moto.kill();
      if (moto.exitCode === null) await once(moto, 'exit');
    },
  };
}

/** Moto's CloudFormation makes and deletes these, and forgets them when they are to be changed; they keep what they were made with. */
const NOT_CHANGED_BY_MOTO: ReadonlySet<string> = new Set(['AWS::Lambda::Permission', 'AWS::Logs::LogGroup']);

/** A listener for TCP: moto takes only those for HTTP. What moto's CloudFormation does not know at all it leaves out by itself. */
const NOT_MADE_BY_MOTO: ReadonlySet<string> = new Set(['AWS::ElasticLoadBalancingV2::Listener']);

/** The stack as a template without conditions: what stays symbolic in it (`${HttpApi}`) is for moto to fill in. */
function filledIn(template: Template, stack: Stack, keptOf: (resource: string, properties: JsonRecord) => JsonRecord): JsonRecord {
  const substituted = (value: Json): Json => {
    if (typeof value === 'string') return value.includes('${') ? { 'Fn::Sub': value } : value;
    if (Array.isArray(value)) return value.map(substituted);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value as JsonRecord).map(([key, inner]) => [key, substituted(inner)]));
  };
  const resources = Object.entries(stack.resources)
    .filter(([, { type }]) => !NOT_MADE_BY_MOTO.has(type))
    .map(([name, { type, properties }]) => {
      const { DeletionPolicy } = template.Resources[name] ?? {};
      const kept = NOT_CHANGED_BY_MOTO.has(type) ? keptOf(name, properties) : properties;
      return [name, { Type: type, Properties: substituted(kept), ...(DeletionPolicy === undefined ? {} : { DeletionPolicy }) }] as const;
    });
  const outputs = Object.entries(stack.outputs).map(([name, value]) => [name, { Value: substituted(value) }] as const);
  return { AWSTemplateFormatVersion: '2010-09-09', Resources: Object.fromEntries(resources), Outputs: Object.fromEntries(outputs) };
}

function stackNameOf(nameOrArn: string): string {
  return nameOrArn.startsWith('arn:') ? (nameOrArn.split('/')[1] ?? '') : nameOrArn;
}

/** The parameters of a request in the query protocol: `Parameters.member.1.ParameterKey` and so on. */
function parametersOf(fields: URLSearchParams): Readonly<Record<string, string>> {
  const parameters: Record<string, string> = {};
  for (const [name, value] of fields) {
    const [, index] = /^Parameters\.member\.(\d+)\.ParameterKey$/.exec(name) ?? [];
    if (index !== undefined) parameters[value] = fields.get(`Parameters.member.${index}.ParameterValue`) ?? '';
  }
  return parameters;
}

/** AccessDenied in the form of each protocol. */
function accessDenied(service: string, message: string): Response {
  const text = `User: arn:aws:iam::123456789012:user/standin ${message}`;
  if (service === 'logs' || service === 'lambda') {
    return new Response(JSON.stringify({ __type: 'AccessDeniedException', message: text }), {
      status: 400,
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': 'AccessDeniedException' },
    });
  }
  const error = `<Code>AccessDenied</Code><Message>${textOf(text)}</Message>`;
  const body = service === 's3' ? `<Error>${error}</Error>` : `<ErrorResponse><Error><Type>Sender</Type>${error}</Error></ErrorResponse>`;
  return new Response(body, { status: 403, headers: { 'content-type': 'text/xml' } });
}

async function readRequest(incoming: IncomingMessage): Promise<AwsRequest> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  return { method: incoming.method ?? 'GET', url: incoming.url ?? '/', headers: incoming.headers, body: Buffer.concat(parts) };
}

async function send(response: Response, method: string, outgoing: ServerResponse): Promise<void> {
  const bytes = Buffer.from(await response.arrayBuffer());
  const headers = Object.fromEntries(
    [...response.headers].filter(([name]) => !['connection', 'transfer-encoding', 'content-encoding'].includes(name)),
  );
  // The answer to HEAD says how long the body would be, and has none.
  outgoing.writeHead(response.status, method === 'HEAD' ? headers : { ...headers, 'content-length': String(bytes.length) });
  outgoing.end(bytes);
}

export async function freePort(): Promise<number> {
  const server = createSocketServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function untilAnswering(url: string): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    try {
      await fetch(`${url}/moto-api/data.json`);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  throw new Error(`moto does not answer at ${url}`);
}

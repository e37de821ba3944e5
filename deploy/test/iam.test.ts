import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { accessRequestOf } from '../policy/resource-actions.js';
import { fillPolicy, isAllowed, loadPolicy, type PolicyName, type PolicyStatement } from '../policy/evaluate-policy.js';
import { deployFolder, loadTemplate, textOf } from '../stack/template-document.js';
import { findPython, isMissing, motoCheck, resourceActions } from './aws-tools.js';
import { excusedActions } from './excused-actions.js';

function actionsOf(name: PolicyName): ReadonlySet<string> {
  return new Set(loadPolicy(name).flatMap(({ Action }) => Action));
}

/**
 * What the connector asks of Timestream while it serves, read from its sources: commands of the SDK, and SQL statements with a permission of
 * their own. What a person types (`doctor`, `table`) runs with that person's permissions.
 */
function actionsOfTheCode(): readonly string[] {
  const folder = `${deployFolder}/../packages/connector/src`;
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.startsWith('operations/') && file !== 'timestream/open-table-admin.ts')
    .map((file) => readFileSync(`${folder}/${file}`, 'utf8'))
    .join('\n');
  const actionByCommand: Readonly<Record<string, string>> = {
    WriteRecordsCommand: 'timestream:WriteRecords',
    QueryCommand: 'timestream:Select',
    CancelQueryCommand: 'timestream:CancelQuery',
  };
  const commands = new Set(Array.from(sources.matchAll(/new (\w+Command)\(/g), ([, name]) => name ?? ''));
  const actions = [...commands].map((command) => actionByCommand[command] ?? `an unknown command: ${command}`);
  if (sources.includes('`DESCRIBE ')) actions.push('timestream:DescribeTable');
  if (sources.includes('`SHOW ')) actions.push('an unknown statement: SHOW');
  // Endpoint discovery, by the SDK itself.
  return [...actions, 'timestream:DescribeEndpoints'].sort();
}

/** Every action of our own policies and roles on Timestream, by the template that has it. */
function actionsOfRoles(file: string): readonly string[] {
  const { Resources } = loadTemplate(file);
  const { IAMLambdaRole, ConnectorRole } = Resources;
  const text = JSON.stringify(IAMLambdaRole ?? ConnectorRole);
  return [...new Set(Array.from(text.matchAll(/timestream:\w+/g), ([action]) => action))].sort();
}

describe('the execution policy', () => {
  it('allows what the code calls, and no more', () => {
    expect([...actionsOf('execution')].sort()).toEqual(actionsOfTheCode());
  });

  it.each(['template.yml', 'privatelink/template.yml'])('is what the role of %s has', (file) => {
    expect(actionsOfRoles(file)).toEqual(actionsOfTheCode());
  });

  it('names a resource wherever there is one to name', () => {
    const unbounded = loadPolicy('execution').filter(({ Resource }) => Resource === '*');
    expect(unbounded.flatMap(({ Action }) => Action)).toEqual(['timestream:DescribeEndpoints', 'timestream:CancelQuery']);
  });
});

const python = findPython(motoCheck);
const lacksSchemas = isMissing(
  'a Python with moto and its cfn-lint',
  python !== undefined,
  'REQUIRE_MOTO',
  'To compare the policies with CloudFormation’s own schemas: `pip install "moto[server]==5.2.5" cfn-lint==1.58.0 aws-sam-translator==1.110.0`.',
);

const policiesOf: Readonly<Record<string, readonly PolicyName[]>> = {
  'template.yml': ['deployment', 'deployment-options'],
  'privatelink/template.yml': ['privatelink'],
};

const place = {
  region: 'us-east-1',
  accountId: '123456789012',
  packageObject: 'aws-sam-cli-managed-default-samclisourcebucket-1a2b3c/PrometheusTimestreamConnector/0123456789abcdef',
  truststoreObject: 'trusted-clients/ca.pem',
};

function granted(...names: readonly PolicyName[]): readonly PolicyStatement[] {
  return fillPolicy(names.flatMap(loadPolicy), { others: { 'truststore-bucket': 'trusted-clients' } });
}

/** SAM's function is CloudFormation's, with its code packed. */
function schemaTypeOf(type: string): string {
  return type === 'AWS::Serverless::Function' ? 'AWS::Lambda::Function' : type;
}

describe.skipIf(lacksSchemas).each([
  ['template.yml', 'PrometheusTimestreamConnector'],
  ['privatelink/template.yml', 'PrometheusTimestreamPrivateLink'],
])('who deploys %s', (file, stackName) => {
  const resources = Object.entries(loadTemplate(file).Resources).map(([logicalId, { Type }]) => ({
    logicalId,
    type: schemaTypeOf(textOf(Type)),
  }));
  const types = [...new Set(resources.map(({ type }) => type))];
  const actions = lacksSchemas ? {} : resourceActions(python ?? 'python3', types);
  const statements = granted(...(policiesOf[file] ?? []));
  const excuses = excusedActions.filter(({ template }) => template === file);
  const refusedOf = (logicalId: string, type: string): readonly string[] => {
    const all = new Set(Object.values(actions[type] ?? {}).flat());
    return [...all].filter((action) => !isAllowed(statements, accessRequestOf(action, type, logicalId, { ...place, stackName })));
  };
  const isExcused = (type: string, action: string): boolean =>
    excuses.some((excuse) => excuse.type === type && excuse.actions.includes(action));

  it.each(resources)(
    'may make, change, take back and look at $logicalId ($type), but for what it has no use for',
    ({ logicalId, type }) => {
      expect(Object.keys(actions[type] ?? {})).toEqual(expect.arrayContaining(['create', 'delete', 'read']));
      expect(refusedOf(logicalId, type).filter((action) => !isExcused(type, action))).toEqual([]);
    },
  );

  it('is excused from nothing that it may do anyway, or that no schema asks for', () => {
    const needless = excuses.flatMap(({ type, actions: excused }) =>
      excused.filter(
        (action) => !resources.some((resource) => resource.type === type && refusedOf(resource.logicalId, type).includes(action)),
      ),
    );
    expect(needless).toEqual([]);
  });
});

describe('the stack that is taken back', () => {
  const statements = granted('deployment', 'deployment-options');
  const allowed = (action: string, resource: string, context = {}): boolean => isAllowed(statements, { action, resource, context });

  it('leaves no public function behind: whoever may add the streaming function may also remove it, its URL and its permissions', () => {
    const resource = 'arn:aws:lambda:us-east-1:123456789012:function:PrometheusTimestreamConnector-StreamingReadFunction-1A2B';
    for (const action of ['lambda:DeleteFunctionUrlConfig', 'lambda:RemovePermission', 'lambda:DeleteFunction'])
      expect(allowed(action, resource), action).toBe(true);
    expect(allowed('iam:DeleteRole', 'arn:aws:iam::123456789012:role/PrometheusTimestreamConnector-StreamingReadRole-1A2B')).toBe(true);
  });

  it('can be deleted when its creation failed, and nobody else’s stack can', () => {
    expect(
      allowed('cloudformation:DeleteStack', 'arn:aws:cloudformation:us-east-1:123456789012:stack/PrometheusTimestreamConnector/1a2b'),
    ).toBe(true);
    expect(allowed('cloudformation:DeleteStack', 'arn:aws:cloudformation:us-east-1:123456789012:stack/Payroll/1a2b')).toBe(false);
  });

  it('is all that the policies reach: no function, role, log or bucket of anybody else', () => {
    for (const [action, resource] of [
      ['lambda:DeleteFunction', 'arn:aws:lambda:us-east-1:123456789012:function:payroll'],
      ['iam:PutRolePolicy', 'arn:aws:iam::123456789012:role/Administrator'],
      ['logs:DeleteLogGroup', 'arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/payroll'],
      ['s3:PutObject', 'arn:aws:s3:::payroll/key'],
      ['timestream:DeleteTable', 'arn:aws:timestream:us-east-1:123456789012:database/Other/table/T'],
      ['iam:CreateServiceLinkedRole', 'arn:aws:iam::123456789012:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS'],
    ] as const) {
      expect(allowed(action, resource), action).toBe(false);
    }
  });

  it('gives roles to Lambda only', () => {
    const role = 'arn:aws:iam::123456789012:role/PrometheusTimestreamConnector-IAMLambdaRole-1A2B';
    expect(allowed('iam:PassRole', role, { 'iam:PassedToService': 'lambda.amazonaws.com' })).toBe(true);
    expect(allowed('iam:PassRole', role, { 'iam:PassedToService': 'ec2.amazonaws.com' })).toBe(false);
  });
});

describe('the signing policy', () => {
  const statements = fillPolicy(loadPolicy('signing'), { others: { 'api-id': 'a1b2c3d4e5' } });
  const route = (path: string): string => `arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/POST/${path}`;
  const url = 'arn:aws:lambda:us-east-1:123456789012:function:PrometheusTimestreamConnector-StreamingReadFunction-1A2B';

  it('allows the routes and the URL of streaming reads', () => {
    expect(isAllowed(statements, { action: 'execute-api:Invoke', resource: route('api/v1/query') })).toBe(true);
    expect(isAllowed(statements, { action: 'execute-api:Invoke', resource: route('-/ready') })).toBe(false);
    expect(isAllowed(statements, { action: 'execute-api:Invoke', resource: route('write') })).toBe(true);
    expect(isAllowed(statements, { action: 'execute-api:Invoke', resource: route('read') })).toBe(true);
    const signed = { 'lambda:FunctionUrlAuthType': 'AWS_IAM' };
    expect(isAllowed(statements, { action: 'lambda:InvokeFunctionUrl', resource: url, context: signed })).toBe(true);
  });

  it('allows to invoke that function through its URL only', () => {
    const invoke = { action: 'lambda:InvokeFunction', resource: url };
    expect(isAllowed(statements, { ...invoke, context: { 'lambda:InvokedViaFunctionUrl': 'true' } })).toBe(true);
    expect(isAllowed(statements, invoke)).toBe(false);
  });
});

const policies: readonly PolicyName[] = ['deployment', 'deployment-options', 'execution', 'cleanup', 'signing', 'privatelink'];

describe.each(policies)('the %s policy', (name) => {
  it('names each action in full but for reading, and partition, region and account by placeholders only', () => {
    for (const { Action, Resource } of loadPolicy(name)) {
      expect(Action.filter((action) => action.includes('*') && !/^\w+:(Describe|Get)\*$/.test(action))).toEqual([]);
      for (const resource of typeof Resource === 'string' ? [Resource] : Resource) {
        expect(resource).toMatch(/^(\*|arn:<partition>:[a-z0-9-]+:(<region>|\*)?:(<account-id>|aws)?:.+)$/);
      }
    }
  });

  it('is within what IAM takes as one managed policy: 6,144 characters without white space, also in GovCloud', () => {
    const filled = JSON.stringify({
      Version: '2012-10-17',
      Statement: fillPolicy(loadPolicy(name), { partition: 'aws-us-gov', region: 'us-gov-west-1' }),
    });
    expect(filled.length).toBeLessThanOrEqual(6144);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { deployFolder, loadTemplate, textOf } from '../stack/template-document.js';

interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
}

function statementsOf(name: 'deployment' | 'execution' | 'cleanup'): readonly Statement[] {
  const policy = JSON.parse(readFileSync(`${deployFolder}/iam/${name}.json`, 'utf8')) as { Statement: readonly Statement[] };
  return policy.Statement;
}

function actionsOf(name: 'deployment' | 'execution' | 'cleanup'): ReadonlySet<string> {
  return new Set(statementsOf(name).flatMap(({ Action }) => Action));
}

/** What the connector asks of Timestream, read from its sources: commands of the SDK, and SQL statements with a permission of their own. */
function actionsOfTheCode(): readonly string[] {
  const folder = `${deployFolder}/../packages/connector/src`;
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
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
    const unbounded = statementsOf('execution').filter(({ Resource }) => Resource === '*');
    expect(unbounded.flatMap(({ Action }) => Action)).toEqual(['timestream:DescribeEndpoints', 'timestream:CancelQuery']);
  });
});

/** What CloudFormation does with each type of resource in the name of the user who deploys, and who cleans up. */
const actionsByType: Readonly<Record<string, { readonly deploy: readonly string[]; readonly cleanUp: readonly string[] }>> = {
  'AWS::Serverless::Function': {
    deploy: [
      'lambda:CreateFunction',
      'lambda:GetFunction',
      'lambda:TagResource',
      'lambda:UpdateFunctionCode',
      'lambda:UpdateFunctionConfiguration',
      'lambda:PutFunctionConcurrency',
      'iam:PassRole',
      's3:GetObject',
    ],
    cleanUp: ['lambda:DeleteFunction'],
  },
  'AWS::Lambda::Permission': {
    deploy: ['lambda:AddPermission', 'lambda:GetPolicy', 'lambda:RemovePermission'],
    cleanUp: ['lambda:RemovePermission'],
  },
  'AWS::Lambda::Url': {
    deploy: ['lambda:CreateFunctionUrlConfig', 'lambda:GetFunctionUrlConfig', 'lambda:UpdateFunctionUrlConfig'],
    cleanUp: ['lambda:DeleteFunctionUrlConfig'],
  },
  'AWS::IAM::Role': {
    deploy: ['iam:CreateRole', 'iam:GetRole', 'iam:PutRolePolicy', 'iam:GetRolePolicy', 'iam:DeleteRolePolicy'],
    cleanUp: ['iam:DeleteRole', 'iam:DeleteRolePolicy'],
  },
  'AWS::Logs::LogGroup': {
    deploy: ['logs:CreateLogGroup', 'logs:PutRetentionPolicy', 'logs:DescribeLogGroups'],
    cleanUp: ['logs:DeleteLogGroup'],
  },
  'AWS::ApiGatewayV2::Api': { deploy: ['apigateway:POST', 'apigateway:GET', 'apigateway:PATCH'], cleanUp: ['apigateway:DELETE'] },
  'AWS::ApiGatewayV2::Integration': { deploy: ['apigateway:POST', 'apigateway:PATCH'], cleanUp: ['apigateway:DELETE'] },
  'AWS::ApiGatewayV2::Route': { deploy: ['apigateway:POST', 'apigateway:PATCH'], cleanUp: ['apigateway:DELETE'] },
  'AWS::ApiGatewayV2::Stage': { deploy: ['apigateway:POST', 'apigateway:PATCH', 'apigateway:TagResource'], cleanUp: ['apigateway:DELETE'] },
  'AWS::ApiGatewayV2::DomainName': {
    deploy: ['apigateway:POST', 'apigateway:AddCertificateToDomain', 's3:GetObjectVersion'],
    cleanUp: ['apigateway:DELETE', 'apigateway:RemoveCertificateFromDomain'],
  },
  'AWS::ApiGatewayV2::ApiMapping': { deploy: ['apigateway:POST', 'apigateway:PATCH'], cleanUp: ['apigateway:DELETE'] },
  'AWS::CloudWatch::Alarm': { deploy: ['cloudwatch:PutMetricAlarm', 'cloudwatch:DescribeAlarms'], cleanUp: ['cloudwatch:DeleteAlarms'] },
  'AWS::Timestream::Database': {
    deploy: ['timestream:CreateDatabase', 'timestream:DescribeDatabase', 'timestream:ListTagsForResource', 'timestream:DescribeEndpoints'],
    cleanUp: ['timestream:DeleteDatabase', 'timestream:DescribeEndpoints'],
  },
  'AWS::Timestream::Table': {
    deploy: ['timestream:CreateTable', 'timestream:DescribeTable', 'timestream:UpdateTable'],
    cleanUp: ['timestream:DeleteTable'],
  },
};

const resources = Object.entries(loadTemplate('template.yml').Resources).map(([name, { Type }]) => ({ name, type: textOf(Type) }));

describe('the deployment and clean-up policies', () => {
  it.each(resources)('cover $name ($type)', ({ type }) => {
    const needed = actionsByType[type];
    expect(needed, `say in this test what deploying ${type} takes`).toBeDefined();
    expect([...actionsOf('deployment')]).toEqual(expect.arrayContaining([...(needed?.deploy ?? [])]));
    expect([...actionsOf('cleanup')]).toEqual(expect.arrayContaining([...(needed?.cleanUp ?? [])]));
  });

  it('hold for the names that the stack gives: role, functions, log group, alarms', () => {
    const granted = JSON.stringify(statementsOf('deployment'));
    for (const part of [
      'role/PrometheusTimestreamConnector-*',
      'function:PrometheusTimestreamConnector-*',
      'log-group:/aws/lambda/PrometheusTimestreamConnector*',
      'alarm:PrometheusTimestreamConnector-*',
      'stack/PrometheusTimestreamConnector/*',
      'stack/aws-sam-cli-managed-default/*',
    ]) {
      expect(granted).toContain(part);
    }
    expect(readFileSync(`${deployFolder}/samconfig.toml`, 'utf8')).toContain('stack_name = "PrometheusTimestreamConnector"');
  });

  it('pass roles to Lambda only', () => {
    const passing = statementsOf('deployment').filter(({ Action }) => Action.includes('iam:PassRole'));
    expect(passing).toMatchObject([{ Condition: { StringEquals: { 'iam:PassedToService': 'lambda.amazonaws.com' } } }]);
  });
});

describe.each(['deployment', 'execution', 'cleanup'] as const)('the %s policy', (name) => {
  it('allows no wildcard of actions, and names partition, region and account by placeholders only', () => {
    for (const { Action, Resource } of statementsOf(name)) {
      expect(Action.filter((action) => action.includes('*'))).toEqual([]);
      for (const resource of typeof Resource === 'string' ? [Resource] : Resource) {
        expect(resource).toMatch(/^(\*|arn:<partition>:[a-z0-9]+:(<region>)?:(<account-id>|aws)?:.+)$/);
      }
    }
  });
});

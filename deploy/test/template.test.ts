import { readFileSync } from 'node:fs';
import { METRICS } from '@timestream-prometheus/connector';
import { createLambdaHandlers } from '@timestream-prometheus/lambda-adapter';
import { describe, expect, it } from 'vitest';
import { findPython, isMissing, runProgram } from './aws-tools.js';
import { createStack, type Stack, type StackChoices } from '../stack/create-stack.js';
import { deployFolder, loadTemplate, textOf, type Json, type JsonRecord, type Template } from '../stack/template-document.js';

const python = findPython('import samtranslator');
const lacksTranslator = isMissing(
  'a Python with aws-sam-translator',
  python !== undefined,
  'REQUIRE_SAM',
  'To read the template as CloudFormation gets it: `pip install cfn-lint` or `pip install aws-sam-cli`.',
);

/** The template after SAM's transform. */
function transformed(): Template {
  const { status, output } = runProgram(python ?? 'python3', ['test/resolve-sam.py', 'template.yml']);
  if (status !== 0) throw new Error(output);
  return JSON.parse(output) as Template;
}

function at(value: Json | undefined, ...keys: readonly string[]): Json | undefined {
  return keys.reduce<Json | undefined>((inner, key) => (inner as JsonRecord | undefined)?.[key], value);
}

const OWN_NAMESPACE = 'TimestreamPrometheusConnector/PrometheusTimestreamConnector';

describe('the parameters', () => {
  const { Parameters } = loadTemplate('template.yml');

  it('have the names and the defaults that users of the earlier connector know', () => {
    const defaults = Object.fromEntries(Object.entries(Parameters).map(([name, { Default }]) => [name, Default]));
    expect(defaults).toMatchObject({
      DefaultDatabase: 'PrometheusDatabase',
      DefaultTable: 'PrometheusMetricsTable',
      MemorySize: 512,
      TimeoutInMillis: 30_000,
      ReadThrottlingBurstLimit: 1200,
      WriteThrottlingBurstLimit: 1200,
      ExecutionPolicyName: 'LambdaExecutionPolicy',
      APIGatewayStageName: 'dev',
      LogLevel: 'info',
      LambdaTimeoutInSeconds: 30,
    });
  });

  it('are all explained, and all shown in a group', () => {
    const text = readFileSync(`${deployFolder}/template.yml`, 'utf8');
    const groups = text.slice(text.indexOf('ParameterGroups:'), text.indexOf('\nParameters:'));
    for (const [name, { Description }] of Object.entries(Parameters)) {
      expect(Description, name).toMatch(/\.$/);
      expect(groups, name).toMatch(new RegExp(`\\b${name}\\b`));
    }
  });

  it('all have a default, so that `sam deploy` asks nothing', () => {
    for (const [name, { Default }] of Object.entries(Parameters)) expect(Default, name).toBeDefined();
  });

  it('are in docs/serverless.md with their defaults', () => {
    const guide = readFileSync(`${deployFolder}/../docs/serverless.md`, 'utf8');
    for (const [name, { Default }] of Object.entries(Parameters)) {
      const shown = Default === '' ? 'empty' : `\`${textOf(Default)}\``;
      expect(guide.replaceAll(/ +/g, ' '), name).toContain(`| \`${name}\` | ${shown} |`);
    }
  });
});

describe.skipIf(lacksTranslator)('the stack', () => {
  const template = lacksTranslator ? loadTemplate('template.yml') : transformed();
  const stackWith = (parameters: Readonly<Record<string, string>> = {}, place: StackChoices = {}) =>
    createStack(template, { ...place, parameters });
  const propertiesOf = (stack: Stack, name: string): JsonRecord => {
    const resource = stack.resources[name];
    if (resource === undefined) throw new Error(`the stack has no ${name}`);
    return resource.properties;
  };
  const statementsOf = (stack: Stack, role = 'IAMLambdaRole'): readonly JsonRecord[] => {
    const [policy] = propertiesOf(stack, role)['Policies'] as unknown as readonly JsonRecord[];
    return at(policy, 'PolicyDocument', 'Statement') as unknown as readonly JsonRecord[];
  };
  const actionsOf = (stack: Stack, role?: string): readonly string[] =>
    statementsOf(stack, role).flatMap(({ Action }) => Action as unknown as readonly string[]);
  const environmentOf = (stack: Stack, name: string): Readonly<Record<string, string>> =>
    at(propertiesOf(stack, name), 'Environment', 'Variables') as unknown as Readonly<Record<string, string>>;

  it('by default is one function, its role, its log, and an API with its routes and a log of its own', () => {
    const types = Object.values(stackWith().resources).map(({ type }) => type);
    expect(types.sort()).toEqual([
      'AWS::ApiGatewayV2::Api',
      'AWS::ApiGatewayV2::Integration',
      'AWS::ApiGatewayV2::Route',
      'AWS::ApiGatewayV2::Route',
      'AWS::ApiGatewayV2::Route',
      'AWS::ApiGatewayV2::Route',
      'AWS::ApiGatewayV2::Stage',
      'AWS::IAM::Role',
      'AWS::Lambda::Function',
      'AWS::Lambda::Permission',
      'AWS::Lambda::Permission',
      'AWS::Lambda::Permission',
      'AWS::Logs::LogGroup',
      'AWS::Logs::LogGroup',
    ]);
  });

  it('gives the function to POST /write, POST /read and the query API of this API and to nothing else', () => {
    const stack = stackWith();
    expect(propertiesOf(stack, 'WriteRoute')['RouteKey']).toBe('POST /write');
    expect(propertiesOf(stack, 'ReadRoute')['RouteKey']).toBe('POST /read');
    expect(propertiesOf(stack, 'QueryGetRoute')['RouteKey']).toBe('GET /api/v1/{path+}');
    expect(propertiesOf(stack, 'QueryPostRoute')['RouteKey']).toBe('POST /api/v1/{path+}');
    const permissions = ['WritePermission', 'ReadPermission', 'QueryPermission'].map((name) => propertiesOf(stack, name));
    expect(permissions.map(({ Principal, SourceArn }) => [Principal, SourceArn])).toEqual([
      ['apigateway.amazonaws.com', 'arn:aws:execute-api:us-east-1:123456789012:${HttpApi}/*/POST/write'],
      ['apigateway.amazonaws.com', 'arn:aws:execute-api:us-east-1:123456789012:${HttpApi}/*/POST/read'],
      ['apigateway.amazonaws.com', 'arn:aws:execute-api:us-east-1:123456789012:${HttpApi}/*/*/api/v1/*'],
    ]);
  });

  it('throttles each route by its own parameter, rate and burst both', () => {
    const stack = stackWith({ ReadThrottlingBurstLimit: '7', WriteThrottlingBurstLimit: '9' });
    expect(propertiesOf(stack, 'Stage')['RouteSettings']).toEqual({
      'POST /write': { DetailedMetricsEnabled: 'true', ThrottlingBurstLimit: '9', ThrottlingRateLimit: '9' },
      'POST /read': { DetailedMetricsEnabled: 'true', ThrottlingBurstLimit: '7', ThrottlingRateLimit: '7' },
      'GET /api/v1/{path+}': { DetailedMetricsEnabled: 'true', ThrottlingBurstLimit: '7', ThrottlingRateLimit: '7' },
      'POST /api/v1/{path+}': { DetailedMetricsEnabled: 'true', ThrottlingBurstLimit: '7', ThrottlingRateLimit: '7' },
    });
  });

  it('asks for IAM authorization on each route with EnableSigV4Auth, and for none at the gateway without', () => {
    for (const [value, authorization] of [
      ['true', 'AWS_IAM'],
      ['false', 'NONE'],
    ] as const) {
      const stack = stackWith({ EnableSigV4Auth: value });
      for (const name of ['WriteRoute', 'ReadRoute', 'QueryGetRoute', 'QueryPostRoute'])
        expect(propertiesOf(stack, name)['AuthorizationType'], name).toBe(authorization);
      expect(environmentOf(stack, 'LambdaFunction')['enable_sigv4_auth']).toBe(value);
    }
  });

  it('has a gateway that waits 30 seconds at most, a connector that answers before, and a function that outlives both', () => {
    const stack = stackWith({ TimeoutInMillis: '60000' });
    expect(propertiesOf(stack, 'Integration')['TimeoutInMillis']).toBe(30_000);
    expect(environmentOf(stack, 'LambdaFunction')['timeout_in_millis']).toBe('60000');
    expect(template.Parameters['LambdaTimeoutInSeconds']).toMatchObject({ MinValue: 30, MaxValue: 900 });
    expect(Number(propertiesOf(stack, 'LambdaFunction')['Timeout']) * 1000).toBeGreaterThanOrEqual(30_000);
  });

  it('hands events over in the payload format that the function is tested with', () => {
    expect(propertiesOf(stackWith(), 'Integration')).toMatchObject({ IntegrationType: 'AWS_PROXY', PayloadFormatVersion: '2.0' });
  });

  it.each([
    ['the defaults', {}, 'LambdaFunction'],
    ['IAM authorization and debug logs', { EnableSigV4Auth: 'true', LogLevel: 'debug' }, 'LambdaFunction'],
    ['no metrics', { EnableMetrics: 'false' }, 'LambdaFunction'],
    ['streaming reads', { EnableStreamingReads: 'true' }, 'StreamingReadFunction'],
  ])('configures the function so that it starts: %s', (_name, parameters, name) => {
    const lines: string[] = [];
    const env = { ...environmentOf(stackWith(parameters), name), AWS_REGION: 'us-east-1' };
    createLambdaHandlers({ env, writeLine: (line) => lines.push(line) }, (stream) => stream);
    expect(lines).toEqual([]);
  });

  it('gives the role nothing but its log while callers bring their own keys', () => {
    expect(actionsOf(stackWith())).toEqual(['logs:CreateLogStream', 'logs:PutLogEvents']);
  });

  it('gives the role the one table with IAM authorization', () => {
    const statements = statementsOf(stackWith({ EnableSigV4Auth: 'true', DefaultDatabase: 'D', DefaultTable: 'T' }));
    expect(statements.filter(({ Resource }) => Resource === '*').flatMap(({ Action }) => Action)).toEqual([
      'timestream:DescribeEndpoints',
      'timestream:CancelQuery',
    ]);
    expect(statements.find(({ Sid }) => Sid === 'UseTable')).toMatchObject({
      Action: ['timestream:WriteRecords', 'timestream:Select', 'timestream:DescribeTable'],
      Resource: 'arn:aws:timestream:us-east-1:123456789012:database/D/table/T',
    });
  });

  it('lets Lambda alone take the role', () => {
    const statement = at(propertiesOf(stackWith(), 'IAMLambdaRole'), 'AssumeRolePolicyDocument', 'Statement');
    expect(statement).toEqual([{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }]);
  });

  it('names the policy of the role as told', () => {
    const [policy] = propertiesOf(stackWith({ ExecutionPolicyName: 'Mine' }), 'IAMLambdaRole')[
      'Policies'
    ] as unknown as readonly JsonRecord[];
    expect(policy?.['PolicyName']).toBe('Mine');
  });

  it('ends its log after the time that was asked for, and logs JSON without a filter of Lambda’s own', () => {
    const stack = stackWith({ LogRetentionInDays: '7' });
    expect(propertiesOf(stack, 'LogGroup')['RetentionInDays']).toBe('7');
    expect(propertiesOf(stack, 'LambdaFunction')['LoggingConfig']).toMatchObject({ LogFormat: 'JSON', ApplicationLogLevel: 'TRACE' });
  });

  it('has the outputs of the guide', () => {
    expect(stackWith({ APIGatewayStageName: 'prod' }).outputs).toMatchObject({
      InvokeWriteURL: 'https://${HttpApi}.execute-api.us-east-1.amazonaws.com/prod/write',
      InvokeReadURL: 'https://${HttpApi}.execute-api.us-east-1.amazonaws.com/prod/read',
      InvokeQueryURL: 'https://${HttpApi}.execute-api.us-east-1.amazonaws.com/prod',
      DefaultDatabase: 'PrometheusDatabase',
      DefaultTable: 'PrometheusMetricsTable',
    });
  });

  it.each([
    ['aws-us-gov', 'us-gov-west-1', 'amazonaws.com'],
    ['aws-cn', 'cn-north-1', 'amazonaws.com.cn'],
  ])('names no partition but its own: %s', (partition, region, urlSuffix) => {
    const everything = {
      EnableSigV4Auth: 'true',
      CreateDatabaseAndTable: 'true',
      EnableStreamingReads: 'true',
      EnableTracing: 'true',
    };
    const stack = stackWith(everything, { partition, region, urlSuffix });
    const text = JSON.stringify(stack);
    expect(text).not.toContain('arn:aws:');
    expect(text).toContain(`arn:${partition}:timestream:${region}:`);
    expect(stack.outputs['InvokeWriteURL']).toBe(`https://\${HttpApi}.execute-api.${region}.${urlSuffix}/dev/write`);
  });

  it('creates database and table when asked, keeps late samples, and leaves both when it is deleted', () => {
    const stack = stackWith({ CreateDatabaseAndTable: 'true', MemoryStoreRetentionInHours: '24', MagneticStoreRetentionInDays: '30' });
    expect(propertiesOf(stack, 'Table')).toEqual({
      DatabaseName: '${Database}',
      TableName: 'PrometheusMetricsTable',
      RetentionProperties: { MemoryStoreRetentionPeriodInHours: '24', MagneticStoreRetentionPeriodInDays: '30' },
      MagneticStoreWriteProperties: { EnableMagneticStoreWrites: true },
    });
    for (const name of ['Database', 'Table']) {
      // A creation that is rolled back takes them along, or the next one would find them in its way.
      expect(template.Resources[name]).toMatchObject({ DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' });
    }
  });

  it('serves a custom domain with mutual TLS, and closes the way around it', () => {
    const stack = stackWith({
      CustomDomainName: 'prometheus.example.com',
      CertificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/x',
      TruststoreUri: 's3://trust/ca.pem',
    });
    expect(propertiesOf(stack, 'DomainName')['MutualTlsAuthentication']).toEqual({ TruststoreUri: 's3://trust/ca.pem' });
    expect(propertiesOf(stack, 'HttpApi')['DisableExecuteApiEndpoint']).toBe(true);
    expect(propertiesOf(stackWith(), 'HttpApi')['DisableExecuteApiEndpoint']).toBe(false);
    expect(stack.outputs['InvokeReadURL']).toBe('https://prometheus.example.com/read');
    expect(stack.outputs['InvokeQueryURL']).toBe('https://prometheus.example.com');
  });

  it('reserves concurrency, traces and alarms only when asked', () => {
    const plain = propertiesOf(stackWith(), 'LambdaFunction');
    expect(plain).not.toHaveProperty('ReservedConcurrentExecutions');
    expect(plain['TracingConfig']).toEqual({ Mode: 'PassThrough' });
    const stack = stackWith({
      ReservedConcurrency: '20',
      EnableTracing: 'true',
      AlarmTopicArn: 'arn:aws:sns:us-east-1:123456789012:pager',
    });
    const asked = propertiesOf(stack, 'LambdaFunction');
    expect(asked).toMatchObject({ ReservedConcurrentExecutions: '20', TracingConfig: { Mode: 'Active' } });
    expect(actionsOf(stack)).toContain('xray:PutTraceSegments');
    const alarms = Object.values(stack.resources).filter(({ type }) => type === 'AWS::CloudWatch::Alarm');
    expect(alarms.map(({ properties }) => [properties['Namespace'], properties['MetricName']])).toEqual([
      ['AWS/Lambda', 'Errors'],
      ['AWS/Lambda', 'Throttles'],
      ['AWS/ApiGateway', '5xx'],
      ['AWS/ApiGateway', '4xx'],
      [OWN_NAMESPACE, 'gateway_responses_413'],
      [OWN_NAMESPACE, 'gateway_responses_429'],
      [OWN_NAMESPACE, 'timestream_connector_rejected_records_total'],
      [OWN_NAMESPACE, 'timestream_connector_dropped_samples_total'],
    ]);
    for (const { properties } of alarms) expect(properties['AlarmActions']).toEqual(['arn:aws:sns:us-east-1:123456789012:pager']);
  });

  it('watches metrics that the connector has, in the namespace that the function writes to', () => {
    const stack = stackWith({ AlarmTopicArn: 'arn:aws:sns:us-east-1:123456789012:pager' });
    expect(environmentOf(stack, 'LambdaFunction')['metrics_namespace']).toBe(OWN_NAMESPACE);
    const known: readonly string[] = Object.values(METRICS).map(({ name }) => name);
    for (const alarm of ['RejectedRecordsAlarm', 'DroppedSamplesAlarm']) expect(known).toContain(propertiesOf(stack, alarm)['MetricName']);
  });

  describe('what API Gateway answers by itself', () => {
    const pager = { AlarmTopicArn: 'arn:aws:sns:us-east-1:123456789012:pager' };

    it('is in a log of one JSON document a request, kept as long as the function’s', () => {
      const stack = stackWith({ LogRetentionInDays: '7' });
      const settings = propertiesOf(stack, 'Stage')['AccessLogSettings'] as JsonRecord;
      expect(settings['DestinationArn']).toBe('${AccessLogGroup.Arn}');
      // As API Gateway fills it in: the status is a number always, everything else may be missing and is then "-".
      const line = textOf(settings['Format'])
        .replace('$context.status', '413')
        .replaceAll(/\$context\.[\w.]+/g, '-');
      expect(line).not.toContain('\n');
      expect(JSON.parse(line)).toMatchObject({ status: 413, gatewayError: '-', routeKey: '-' });
      expect(propertiesOf(stack, 'AccessLogGroup')).toMatchObject({
        LogGroupName: '/aws/vendedlogs/PrometheusTimestreamConnector',
        RetentionInDays: '7',
      });
    });

    it.each([
      ['TooLargeRequests', 413],
      ['ThrottledRequests', 429],
    ])('is counted for the alarm on %s', (name, status) => {
      const stack = stackWith(pager);
      expect(propertiesOf(stack, `${name}Filter`)).toMatchObject({
        LogGroupName: '${AccessLogGroup}',
        FilterPattern: `{ $.status = ${String(status)} }`,
        MetricTransformations: [{ MetricNamespace: OWN_NAMESPACE, MetricName: `gateway_responses_${String(status)}`, MetricValue: '1' }],
      });
      expect(propertiesOf(stack, `${name}Alarm`)).toMatchObject({
        Namespace: OWN_NAMESPACE,
        MetricName: `gateway_responses_${String(status)}`,
      });
    });

    it('is logged and counted only when asked', () => {
      const stack = stackWith({ ...pager, EnableAccessLog: 'false', EnableDetailedMetrics: 'false' });
      const names = Object.keys(stack.resources);
      expect(names.filter((name) => /AccessLog|TooLarge|ThrottledRequests/.test(name))).toEqual([]);
      expect(propertiesOf(stack, 'Stage')).not.toHaveProperty('AccessLogSettings');
      expect(at(propertiesOf(stack, 'Stage'), 'RouteSettings', 'POST /write', 'DetailedMetricsEnabled')).toBe('false');
      expect(names).toContain('ClientErrorsAlarm');
    });
  });

  describe('with streaming reads', () => {
    it('streams by the function’s second handler, larger answers allowed', () => {
      const stack = stackWith({ EnableStreamingReads: 'true' });
      expect(propertiesOf(stack, 'StreamingReadFunction')['Handler']).toBe('index.streamHandler');
      expect(propertiesOf(stack, 'StreamingReadUrl')['InvokeMode']).toBe('RESPONSE_STREAM');
      const environment = environmentOf(stack, 'StreamingReadFunction');
      expect(environment).toMatchObject({ default_database: 'PrometheusDatabase', max_response_bytes: '190MiB' });
      expect(stack.outputs['InvokeStreamingReadURL']).toBe('${StreamingReadUrl.FunctionUrl}read');
    });

    it('has the limits and the alarms of the other function', () => {
      const stack = stackWith({
        EnableStreamingReads: 'true',
        ReservedConcurrency: '5',
        AlarmTopicArn: 'arn:aws:sns:us-east-1:123456789012:pager',
      });
      expect(propertiesOf(stack, 'StreamingReadFunction')['ReservedConcurrentExecutions']).toBe('5');
      const watched = Object.entries(stack.resources)
        .filter(([, { properties }]) => JSON.stringify(properties['Dimensions'] ?? null).includes('${StreamingReadFunction}'))
        .map(([, { properties }]) => properties['MetricName']);
      expect(watched).toEqual(['Errors', 'Throttles']);
    });

    it('cannot write with its role', () => {
      const stack = stackWith({ EnableStreamingReads: 'true', EnableSigV4Auth: 'true' });
      expect(actionsOf(stack, 'StreamingReadRole')).toContain('timestream:Select');
      expect(actionsOf(stack, 'StreamingReadRole')).not.toContain('timestream:WriteRecords');
    });

    it('is open to everyone only while callers bring their own keys', () => {
      const open = Object.keys(stackWith({ EnableStreamingReads: 'true' }).resources);
      expect(open).toContain('StreamingReadUrlPermission');
      const closed = stackWith({ EnableStreamingReads: 'true', EnableSigV4Auth: 'true' });
      expect(propertiesOf(closed, 'StreamingReadUrl')['AuthType']).toBe('AWS_IAM');
      expect(Object.keys(closed.resources).filter((name) => name.includes('Permission') && name.startsWith('Streaming'))).toEqual([]);
    });
  });
});

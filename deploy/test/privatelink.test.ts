import { describe, expect, it } from 'vitest';
import { createStack } from '../stack/create-stack.js';
import { loadTemplate, type JsonRecord } from '../stack/template-document.js';

const template = loadTemplate('privatelink/template.yml');
const stackWith = (parameters: Readonly<Record<string, string>> = {}) =>
  createStack(template, { parameters: { ServerBucket: 'packages', ServerKey: 'connector-server-039058c6f2c0cb49.zip', ...parameters } });

function rules(stack: ReturnType<typeof stackWith>, group: string, direction: 'Ingress' | 'Egress'): readonly JsonRecord[] {
  return stack.resources[group]?.properties[`SecurityGroup${direction}`] as unknown as readonly JsonRecord[];
}

describe('the private network', () => {
  it('lets Prometheus in on port 9201 of the load balancer, from the given addresses and nowhere else', () => {
    const stack = stackWith({ PrometheusCidr: '10.20.0.0/16' });
    const ingress = rules(stack, 'LoadBalancerSecurityGroup', 'Ingress');
    expect(ingress).toMatchObject([{ IpProtocol: 'tcp', FromPort: 9201, ToPort: 9201, CidrIp: '10.20.0.0/16' }]);
    expect(ingress).toHaveLength(1);
    const behind = rules(stack, 'ConnectorSecurityGroup', 'Ingress');
    expect(behind).toMatchObject([{ FromPort: 9201, ToPort: 9201, SourceSecurityGroupId: '${LoadBalancerSecurityGroup}' }]);
    expect(behind).toHaveLength(1);
  });

  it('lets the connector reach the endpoints on port 443, and nobody else', () => {
    const stack = stackWith();
    expect(rules(stack, 'ConnectorSecurityGroup', 'Egress')).toMatchObject([{ IpProtocol: 'tcp', FromPort: 443, ToPort: 443 }]);
    const ingress = rules(stack, 'EndpointSecurityGroup', 'Ingress');
    expect(ingress).toMatchObject([{ IpProtocol: 'tcp', FromPort: 443, ToPort: 443, SourceSecurityGroupId: '${ConnectorSecurityGroup}' }]);
    expect(ingress).toHaveLength(1);
  });

  it('has endpoints for writes and for queries, in the cells of the account, under their own names', () => {
    const stack = stackWith({ TimestreamWriteCell: 'ingest-cell2', TimestreamQueryCell: 'query-cell3' });
    for (const [name, service] of [
      ['TimestreamWriteEndpoint', 'com.amazonaws.us-east-1.timestream.ingest-cell2'],
      ['TimestreamQueryEndpoint', 'com.amazonaws.us-east-1.timestream.query-cell3'],
    ] as const) {
      expect(stack.resources[name]?.properties).toMatchObject({
        VpcEndpointType: 'Interface',
        ServiceName: service,
        PrivateDnsEnabled: true,
        SecurityGroupIds: ['${EndpointSecurityGroup}'],
      });
    }
  });

  it('has no way to or from the internet', () => {
    const types = Object.values(stackWith().resources).map(({ type }) => type);
    expect(types.filter((type) => /InternetGateway|NatGateway|AWS::EC2::EIP|AWS::EC2::Route$/.test(type))).toEqual([]);
  });

  it('opens no shell but Session Manager, and that only when asked', () => {
    expect(Object.keys(stackWith().resources)).toEqual(expect.arrayContaining(['SsmEndpoint', 'SsmMessagesEndpoint']));
    const without = stackWith({ EnableSessionManager: 'false' });
    expect(Object.keys(without.resources).filter((name) => name.startsWith('Ssm'))).toEqual([]);
    expect(without.resources['ConnectorRole']?.properties).not.toHaveProperty('ManagedPolicyArns');
  });

  it('tells where Prometheus sends and reads: a name that outlives every instance', () => {
    expect(stackWith().outputs).toMatchObject({
      InvokeWriteURL: 'http://${LoadBalancer.DNSName}:9201/write',
      InvokeReadURL: 'http://${LoadBalancer.DNSName}:9201/read',
    });
  });

  it('is in two zones, which the deployer may choose', () => {
    const stack = stackWith({ FirstZone: 'us-east-1b', SecondZone: 'us-east-1d' });
    const zones = ['FirstSubnet', 'SecondSubnet'].map((name) => stack.resources[name]?.properties['AvailabilityZone']);
    expect(zones).toEqual(['us-east-1b', 'us-east-1d']);
    const both = ['${FirstSubnet}', '${SecondSubnet}'];
    expect(stack.resources['ConnectorGroup']?.properties['VPCZoneIdentifier']).toEqual(both);
    expect(stack.resources['LoadBalancer']?.properties).toMatchObject({ Scheme: 'internal', Subnets: both });
    const interfaces = Object.values(stack.resources).filter(({ properties }) => properties['VpcEndpointType'] === 'Interface');
    for (const { properties } of interfaces) expect(properties['SubnetIds']).toEqual(both);
  });
});

describe('an update', () => {
  const group = template.Resources['ConnectorGroup'];

  it('has a new instance in service before it ends the old one, waits for its signal, and is rolled back without one', () => {
    expect(group?.['UpdatePolicy']).toMatchObject({
      AutoScalingRollingUpdate: { MinInstancesInService: 1, MaxBatchSize: 1, WaitOnResourceSignals: true },
    });
    expect(group?.['CreationPolicy']).toEqual({ ResourceSignal: { Count: 1, Timeout: 'PT15M' } });
    expect(stackWith().resources['ConnectorGroup']?.properties).toMatchObject({ MinSize: '1', DesiredCapacity: '1', MaxSize: '2' });
  });

  it.each(['ServerKey', 'DefaultTable', 'LogLevel', 'EnableSigV4Auth', 'TimestreamWriteCell', 'InstanceType', 'ImageId'])(
    'of %s reaches the instance: it is in the launch template, whose version the group follows',
    (parameter) => {
      expect(JSON.stringify(template.Resources['LaunchTemplate'])).toMatch(new RegExp(`\\$\\{${parameter}\\}|"Ref":"${parameter}"`));
      expect(JSON.stringify(group)).toContain('{"Fn::GetAtt":["LaunchTemplate","LatestVersionNumber"]}');
    },
  );

  it('with a new package is seen: a key names the content of its package', () => {
    expect(template.Parameters['ServerKey']?.['AllowedPattern']).toContain('connector-server-[0-9a-f]{16}');
  });
});

import { describe, expect, it } from 'vitest';
import { createStack } from '../stack/create-stack.js';
import { loadTemplate, type JsonRecord } from '../stack/template-document.js';

const template = loadTemplate('privatelink/template.yml');
const stackWith = (parameters: Readonly<Record<string, string>> = {}) =>
  createStack(template, { parameters: { ServerBucket: 'packages', ...parameters } });

function rules(stack: ReturnType<typeof stackWith>, group: string, direction: 'Ingress' | 'Egress'): readonly JsonRecord[] {
  return stack.resources[group]?.properties[`SecurityGroup${direction}`] as unknown as readonly JsonRecord[];
}

describe('the private network', () => {
  it('lets Prometheus in on port 9201, from the given addresses and nowhere else', () => {
    const ingress = rules(stackWith({ PrometheusCidr: '10.20.0.0/16' }), 'ConnectorSecurityGroup', 'Ingress');
    expect(ingress).toMatchObject([{ IpProtocol: 'tcp', FromPort: 9201, ToPort: 9201, CidrIp: '10.20.0.0/16' }]);
    expect(ingress).toHaveLength(1);
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

  it('tells the connector those endpoints, so that nothing has to be discovered over the internet', () => {
    const stack = stackWith({ TimestreamWriteCell: 'ingest-cell2', TimestreamQueryCell: 'query-cell3' });
    const userData = JSON.stringify(stack.resources['Connector']?.properties['UserData']);
    expect(JSON.stringify(template.Resources['Connector'])).toContain('--write-base-endpoint=https://${TimestreamWriteCell}.timestream.');
    expect(JSON.stringify(template.Resources['Connector'])).toContain('--query-base-endpoint=https://${TimestreamQueryCell}.timestream.');
    expect(userData).toContain('/opt/connector/dist/cli/server.mjs');
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

  it('tells where Prometheus sends and reads', () => {
    expect(stackWith().outputs).toMatchObject({
      InvokeWriteURL: 'http://${ConnectorInterface.PrimaryPrivateIpAddress}:9201/write',
      InvokeReadURL: 'http://${ConnectorInterface.PrimaryPrivateIpAddress}:9201/read',
    });
  });
});

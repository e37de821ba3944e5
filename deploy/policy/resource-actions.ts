import type { AccessRequest } from './evaluate-policy.js';

/** What CloudFormation does with a resource of some type in its caller's name: the actions of each handler of the type's schema. */
export type ResourceActions = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

export interface StackPlace {
  readonly stackName: string;
  readonly region: string;
  readonly accountId: string;
  /** Bucket and key of the function's package. */
  readonly packageObject: string;
  /** Bucket and key of a custom domain's truststore. */
  readonly truststoreObject: string;
}

/** Actions that IAM knows no resource for (service authorization reference): they are asked for on everything. */
const WITHOUT_RESOURCE =
  /^(timestream:DescribeEndpoints|logs:(\w+LogDelivery|ListLogDeliveries|DescribeResourcePolicies|PutResourcePolicy)|ec2:(Describe|Get)|autoscaling:Describe|elasticloadbalancing:Describe|ssm:Get)/;

/** The request that an action of a handler is, for the resource that the stack calls `logicalId`. */
export function accessRequestOf(action: string, type: string, logicalId: string, place: StackPlace): AccessRequest {
  if (WITHOUT_RESOURCE.test(action)) return { action, resource: '*' };
  const service = action.slice(0, action.indexOf(':')).toLowerCase();
  if (action === 'iam:CreateServiceLinkedRole') {
    const service = LINKED_ROLE[type] ?? '';
    const resource = `arn:aws:iam::${place.accountId}:role/aws-service-role/${service}/${service === 'ops.apigateway.amazonaws.com' ? 'AWSServiceRoleForAPIGateway' : 'AWSServiceRole'}`;
    return { action, resource, context: { 'iam:AWSServiceName': service } };
  }
  const arn = action === 'iam:PassRole' ? arnOf(service, 'AWS::IAM::Role', logicalId, place) : arnOf(service, type, logicalId, place);
  return { action, resource: arn, context: contextOf(action, type, place) };
}

function contextOf(action: string, type: string, { region }: StackPlace): Readonly<Record<string, string>> {
  if (action === 'iam:PassRole') return { 'iam:PassedToService': PASSED_TO[type] ?? '' };
  if (action.startsWith('kms:') && type.startsWith('AWS::Timestream::')) return { 'kms:ViaService': `timestream.${region}.amazonaws.com` };
  return { 'aws:RequestedRegion': region };
}

/** To whom a resource of a type hands a role. */
const PASSED_TO: Readonly<Record<string, string>> = {
  'AWS::Lambda::Function': 'lambda.amazonaws.com',
  'AWS::ApiGatewayV2::Integration': 'apigateway.amazonaws.com',
  'AWS::IAM::InstanceProfile': 'ec2.amazonaws.com',
  'AWS::AutoScaling::AutoScalingGroup': 'ec2.amazonaws.com',
};

const LINKED_ROLE: Readonly<Record<string, string>> = {
  'AWS::ApiGatewayV2::DomainName': 'ops.apigateway.amazonaws.com',
  'AWS::AutoScaling::AutoScalingGroup': 'autoscaling.amazonaws.com',
  'AWS::ElasticLoadBalancingV2::LoadBalancer': 'elasticloadbalancing.amazonaws.com',
};

function arnOf(service: string, type: string, logicalId: string, place: StackPlace): string {
  const { stackName, region, accountId } = place;
  // CloudFormation names what the template does not: the stack, the logical name, and something random.
  const name = `${stackName}-${logicalId}-1A2B3C4D5E6F`;
  const owned = `${region}:${accountId}`;
  switch (service) {
    case 'lambda':
      return `arn:aws:lambda:${owned}:function:${name}`;
    case 'iam':
      return type === 'AWS::IAM::InstanceProfile'
        ? `arn:aws:iam::${accountId}:instance-profile/${name}`
        : `arn:aws:iam::${accountId}:role/${name}`;
    case 'logs':
      return `arn:aws:logs:${owned}:log-group:${/^(Access|Too|Throttled)/.test(logicalId) ? '/aws/vendedlogs' : '/aws/lambda'}/${stackName}`;
    case 'apigateway':
      return `arn:aws:apigateway:${region}::${type === 'AWS::ApiGatewayV2::DomainName' || type === 'AWS::ApiGatewayV2::ApiMapping' ? '/domainnames/prometheus.example.com' : '/apis/a1b2c3d4e5'}`;
    case 'cloudwatch':
      return `arn:aws:cloudwatch:${owned}:alarm:${name}`;
    case 'timestream':
      return `arn:aws:timestream:${owned}:database/PrometheusDatabase${type.endsWith('Table') ? '/table/PrometheusMetricsTable' : ''}`;
    case 'kms':
      return `arn:aws:kms:${owned}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
    case 's3':
      return `arn:aws:s3:::${objectOf(type, place)}`;
    case 'ec2':
      return `arn:aws:ec2:${owned}:resource/${name}`;
    case 'autoscaling':
      return `arn:aws:autoscaling:${owned}:autoScalingGroup:1234abcd:autoScalingGroupName/${name}`;
    case 'elasticloadbalancing':
      return `arn:aws:elasticloadbalancing:${owned}:resource/${name}`;
    default:
      return '*';
  }
}

function objectOf(type: string, { packageObject, truststoreObject }: StackPlace): string {
  if (type === 'AWS::Lambda::Function') return packageObject;
  return type === 'AWS::ApiGatewayV2::DomainName' ? truststoreObject : 'a-bucket-that-is-not-ours/object';
}

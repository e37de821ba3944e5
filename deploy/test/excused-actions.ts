/** Actions that a schema lists for a type and that our templates give no cause for, each with the reason. */
interface Excuse {
  readonly template: string;
  readonly type: string;
  readonly actions: readonly string[];
  readonly because: string;
}

const lambdaStack = 'template.yml';
const privateStack = 'privatelink/template.yml';

export const excusedActions: readonly Excuse[] = [
  {
    template: lambdaStack,
    type: 'AWS::Lambda::Function',
    actions: ['s3:GetObjectVersion'],
    because: 'SAM names the package by its key, not by a version of it',
  },
  {
    template: lambdaStack,
    type: 'AWS::Lambda::Function',
    actions: ['ec2:DescribeNetworkInterfaces', 'ec2:DescribeSecurityGroups', 'ec2:DescribeSubnets', 'ec2:DescribeVpcs'],
    because: 'the functions are in no VPC',
  },
  {
    template: lambdaStack,
    type: 'AWS::Lambda::Function',
    actions: [
      'elasticfilesystem:DescribeMountTargets',
      's3files:ListMountTargets',
      'lambda:GetLayerVersion',
      'lambda:PassCapacityProvider',
    ],
    because: 'they mount nothing, use no layers and run on no instances of ours',
  },
  {
    template: lambdaStack,
    type: 'AWS::Lambda::Function',
    actions: ['kms:CreateGrant', 'kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey'],
    because: 'their environment holds no secret and is encrypted by Lambda’s own key',
  },
  {
    template: lambdaStack,
    type: 'AWS::Lambda::Function',
    actions: ['lambda:DeleteFunctionCodeSigningConfig', 'lambda:GetCodeSigningConfig', 'lambda:PutFunctionCodeSigningConfig'],
    because: 'the code is not signed; lambda:GetFunctionCodeSigningConfig, which asks whether it is, is allowed',
  },
  {
    template: lambdaStack,
    type: 'AWS::Lambda::Function',
    actions: [
      'lambda:AssociateRuntimeAlias',
      'lambda:PublishVersion',
      'lambda:PutFunctionRecursionConfig',
      'lambda:PutFunctionScalingConfig',
      'lambda:PutRuntimeManagementConfig',
    ],
    because: 'versions, recursion, scaling and updates of the runtime are left as Lambda has them',
  },
  {
    template: lambdaStack,
    type: 'AWS::IAM::Role',
    actions: ['iam:AttachRolePolicy', 'iam:DetachRolePolicy'],
    because: 'the roles have inline policies only',
  },
  ...[lambdaStack, privateStack].map((template) => ({
    template,
    type: 'AWS::IAM::Role',
    actions: ['iam:DeleteRolePermissionsBoundary', 'iam:PutRolePermissionsBoundary', 'iam:UpdateRole', 'iam:UpdateRoleDescription'],
    because: 'the roles have no boundary, no description and the usual session length',
  })),
  {
    template: lambdaStack,
    type: 'AWS::Logs::LogGroup',
    actions: ['logs:AssociateKmsKey', 'logs:DisassociateKmsKey'],
    because: 'the logs are encrypted by a key of CloudWatch’s own',
  },
  {
    template: lambdaStack,
    type: 'AWS::Logs::LogGroup',
    actions: [
      'firehose:TagDeliveryStream',
      'logs:DeleteDataProtectionPolicy',
      'logs:DeleteIndexPolicy',
      'logs:DeleteResourcePolicy',
      'logs:PutBearerTokenAuthentication',
      'logs:PutDataProtectionPolicy',
      'logs:PutIndexPolicy',
      'logs:PutLogGroupDeletionProtection',
      's3:REST.PUT.OBJECT',
    ],
    because: 'the logs have no policies of their own, no index, no other destination and no protection against deletion',
  },
  {
    template: lambdaStack,
    type: 'AWS::ApiGatewayV2::Api',
    actions: ['s3:getObject'],
    because: 'the API is not imported from a file',
  },
  {
    template: lambdaStack,
    type: 'AWS::ApiGatewayV2::Integration',
    actions: ['iam:PassRole'],
    because: 'API Gateway invokes by the function’s permission, not by a role',
  },
  {
    template: lambdaStack,
    type: 'AWS::Timestream::Table',
    actions: [
      'kms:Encrypt',
      'kms:GenerateDataKey',
      'kms:GenerateDataKeyWithoutPlaintext',
      's3:GetBucketAcl',
      's3:GetObject',
      's3:PutObject',
    ],
    because: 'late samples that Timestream rejects are not reported to a bucket; the sender is told',
  },
  {
    template: privateStack,
    type: 'AWS::EC2::VPC',
    actions: ['ec2:CreateVpcEncryptionControl', 'ec2:ModifyVpcTenancy'],
    because: 'the VPC has neither',
  },
  {
    template: privateStack,
    type: 'AWS::EC2::Subnet',
    actions: ['ec2:AssociateSubnetCidrBlock', 'ec2:DisassociateSubnetCidrBlock'],
    because: 'the subnets have no IPv6',
  },
  {
    template: privateStack,
    type: 'AWS::EC2::VPCEndpoint',
    actions: [
      'vpc-lattice:CreateServiceNetworkVpcEndpointAssociation',
      'vpc-lattice:DescribeServiceNetworkVpcEndpointAssociation',
      'vpce:AllowMultiRegion',
    ],
    because: 'the endpoints are of services in this region',
  },
  {
    template: privateStack,
    type: 'AWS::ElasticLoadBalancingV2::LoadBalancer',
    actions: [
      'elasticloadbalancing:ModifyCapacityReservation',
      'elasticloadbalancing:ModifyIpPools',
      'elasticloadbalancing:SetIpAddressType',
    ],
    because: 'no capacity is reserved, and addresses are the subnets’',
  },
  {
    template: privateStack,
    type: 'AWS::ElasticLoadBalancingV2::TargetGroup',
    actions: ['elasticloadbalancing:DeregisterTargets', 'elasticloadbalancing:RegisterTargets'],
    because: 'the auto scaling group registers its instances by its own role',
  },
  {
    template: privateStack,
    type: 'AWS::ElasticLoadBalancingV2::Listener',
    actions: ['cognito-idp:DescribeUserPoolClient'],
    because: 'a network load balancer asks nobody who they are',
  },
  {
    template: privateStack,
    type: 'AWS::AutoScaling::AutoScalingGroup',
    actions: [
      'autoscaling:AttachLoadBalancers',
      'autoscaling:AttachTrafficSources',
      'autoscaling:CancelInstanceRefresh',
      'autoscaling:DeleteLifecycleHook',
      'autoscaling:DeleteNotificationConfiguration',
      'autoscaling:DetachLoadBalancers',
      'autoscaling:DetachTrafficSources',
      'autoscaling:DisableMetricsCollection',
      'autoscaling:EnableMetricsCollection',
      'autoscaling:PutLifecycleHook',
      'autoscaling:PutNotificationConfiguration',
      'autoscaling:StartInstanceRefresh',
      'cloudwatch:PutMetricAlarm',
    ],
    because: 'the group has one target group and a rolling update; no hooks, no notifications, no metrics of its own',
  },
  {
    template: privateStack,
    type: 'AWS::AutoScaling::AutoScalingGroup',
    actions: [
      'managed-fleets:CreateAutoScalingGroup',
      'managed-fleets:DeleteAutoScalingGroup',
      'managed-fleets:DeregisterAutoScalingGroup',
      'managed-fleets:Get*',
      'managed-fleets:RegisterAutoScalingGroup',
      'managed-fleets:UpdateAutoScalingGroup',
      'ssm:Get*',
      'vpc-lattice:DeregisterTargets',
      'vpc-lattice:GetTargetGroup',
      'vpc-lattice:ListTargets',
      'vpc-lattice:RegisterTargets',
    ],
    because: 'it is no managed fleet, is behind no lattice, and its image is looked up by CloudFormation',
  },
];

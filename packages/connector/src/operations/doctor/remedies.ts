import type { Config } from '../../config/parse-config.js';
import { meaningOf, type ConnectorError } from '../../errors/connector-error.js';

/** Where the service exists: the AWS SDKs' table of endpoints (botocore, endpoints.json), of timestream. */
export const TIMESTREAM_REGIONS: readonly string[] = [
  'us-east-1',
  'us-east-2',
  'us-west-2',
  'eu-west-1',
  'eu-central-1',
  'ap-northeast-1',
  'ap-southeast-2',
  'ap-south-1',
  'us-gov-west-1',
];

type Destination = Pick<Config, 'defaultDatabase' | 'defaultTable' | 'region' | 'writeBaseEndpoint' | 'queryBaseEndpoint'>;

/** What to do about a failure of a call, beside what the check itself knows. */
export function remediesOf({ code, message }: ConnectorError, config: Destination): readonly string[] {
  switch (code) {
    case 'invalid-credentials':
      return [
        'Check the key: export AWS_ACCESS_KEY_ID=… and AWS_SECRET_ACCESS_KEY=…, and AWS_SESSION_TOKEN only for a temporary one',
        'Who you are to AWS: aws sts get-caller-identity',
      ];
    case 'server-credentials-unavailable':
      return [
        'Give a key: export AWS_ACCESS_KEY_ID=… and AWS_SECRET_ACCESS_KEY=…; or a profile: export AWS_PROFILE=…',
        'On EC2, ECS, EKS or Lambda: attach a role with the policy deploy/iam/execution.json',
      ];
    case 'access-denied':
      return [`Allow it: attach the policy deploy/iam/execution.json, with ${arnPattern(config)} as its table`];
    case 'destination-not-found':
      return [`Make it: timestream-prometheus table create ${destinationFlags(config)}`];
    case 'connection-failed':
      return connectionRemedies(config);
    case 'timestream-unavailable':
      return message.includes('clock')
        ? ['Set the clock of this machine: timedatectl set-ntp true']
        : ['Try again; the state of the service: https://health.aws.amazon.com'];
    case 'throttled':
      return ['Try again in a minute'];
    default:
      return [`${meaningOf(code)} More: docs/errors.md#${code}`];
  }
}

function connectionRemedies({ region, writeBaseEndpoint, queryBaseEndpoint }: Destination): readonly string[] {
  const endpoints = [writeBaseEndpoint, queryBaseEndpoint].filter((endpoint) => endpoint !== '');
  if (endpoints.length > 0)
    return [`Does it answer? curl -v ${endpoints[0] ?? ''}`, 'Check --write-base-endpoint and --query-base-endpoint, and AWS_ENDPOINT_URL'];
  const host = `ingest.timestream.${region}.amazonaws.com`;
  return [
    ...(TIMESTREAM_REGIONS.includes(region)
      ? []
      : [`Timestream for LiveAnalytics is not in ${region}. Give one of --region=${TIMESTREAM_REGIONS.join(', ')}`]),
    `Does it answer? curl -v https://${host}`,
    'In a network without internet: an interface endpoint, and --write-base-endpoint and --query-base-endpoint with its address (docs/serverless.md)',
  ];
}

export function destinationFlags({ defaultDatabase, defaultTable, region }: Destination): string {
  return `--default-database=${defaultDatabase} --default-table=${defaultTable} --region=${region}`;
}

function arnPattern({ region, defaultDatabase, defaultTable }: Destination): string {
  return `arn:aws:timestream:${region}:<account>:database/${defaultDatabase}/table/${defaultTable}`;
}

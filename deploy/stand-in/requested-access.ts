import type { IncomingHttpHeaders } from 'node:http';
import type { AccessRequest } from '../policy/evaluate-policy.js';

/** A request to AWS as it arrives, as far as authorization looks at it. */
export interface AwsRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Caller {
  readonly accessKeyId: string;
  readonly service: string;
  readonly region: string;
}

const ACCOUNT = '123456789012';

/** Who calls which service, from the credential of the signature (SigV4: Credential=<key>/<date>/<region>/<service>/aws4_request). */
export function callerOf({ headers }: AwsRequest): Caller | undefined {
  const [, accessKeyId, region, service] = /Credential=([^/]+)\/\d+\/([^/]+)\/([^/]+)\//.exec(headers.authorization ?? '') ?? [];
  return accessKeyId === undefined || region === undefined || service === undefined ? undefined : { accessKeyId, service, region };
}

/** The fields of a request in the query protocol (CloudFormation, IAM, STS, EC2). */
export function queryFieldsOf({ body }: AwsRequest): URLSearchParams {
  return new URLSearchParams(body.toString('utf8'));
}

/**
 * What a request asks IAM for. The services that the guide's commands use are known; for another one the result is an action that no policy
 * has, so that it is refused and somebody has to say here what it takes.
 */
export function requestedAccess(request: AwsRequest, caller: Caller): readonly AccessRequest[] {
  switch (caller.service) {
    case 's3':
      return [s3Access(request)];
    case 'lambda':
      return [lambdaAccess(request, caller)];
    case 'logs':
      return [logsAccess(request, caller)];
    case 'cloudformation':
      return cloudFormationAccess(queryFieldsOf(request), caller);
    case 'sts':
      // GetCallerIdentity takes no permission (STS API reference).
      return [];
    default:
      return [{ action: `${caller.service}:unknown to the stand-in`, resource: '*' }];
  }
}

function cloudFormationAccess(fields: URLSearchParams, { region }: Caller): readonly AccessRequest[] {
  const action = `cloudformation:${fields.get('Action') ?? ''}`;
  const stack = fields.get('StackName') ?? '';
  if (stack === '') return [{ action, resource: '*' }];
  const resource = stack.startsWith('arn:') ? stack : `arn:aws:cloudformation:${region}:${ACCOUNT}:stack/${stack}/1a2b3c4d`;
  return [{ action, resource }];
}

function logsAccess({ headers, body }: AwsRequest, { region }: Caller): AccessRequest {
  const operation = String(headers['x-amz-target']).split('.')[1] ?? '';
  const fields = JSON.parse(body.toString('utf8')) as { logGroupName?: string };
  const group = fields.logGroupName ?? '*';
  return { action: `logs:${operation}`, resource: `arn:aws:logs:${region}:${ACCOUNT}:log-group:${group}` };
}

function lambdaAccess({ method, url }: AwsRequest, { region }: Caller): AccessRequest {
  const [, name = '*', rest = ''] = /^\/\d{4}-\d\d-\d\d\/functions\/([^/?]+)(.*)$/.exec(url) ?? [];
  const resource = `arn:aws:lambda:${region}:${ACCOUNT}:function:${decodeURIComponent(name)}`;
  const operation = method === 'GET' ? { '': 'GetFunction', '/configuration': 'GetFunctionConfiguration' }[rest] : undefined;
  return { action: `lambda:${operation ?? `${method} ${rest} unknown to the stand-in`}`, resource };
}

/** Actions of S3 on a bucket's settings, by the query that names the setting (service authorization reference for S3). */
const BUCKET_SETTINGS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  versioning: { PUT: 'PutBucketVersioning', GET: 'GetBucketVersioning' },
  policy: { PUT: 'PutBucketPolicy', GET: 'GetBucketPolicy', DELETE: 'DeleteBucketPolicy' },
  encryption: { PUT: 'PutEncryptionConfiguration', GET: 'GetEncryptionConfiguration' },
  publicAccessBlock: { PUT: 'PutBucketPublicAccessBlock', GET: 'GetBucketPublicAccessBlock' },
  tagging: { PUT: 'PutBucketTagging', GET: 'GetBucketTagging' },
  location: { GET: 'GetBucketLocation' },
  versions: { GET: 'ListBucketVersions' },
  delete: { POST: 'DeleteObject' },
};

function s3Access({ method, url }: AwsRequest): AccessRequest {
  const { pathname, searchParams } = new URL(url, 'http://s3.invalid');
  const [bucket = '', ...keyParts] = pathname.slice(1).split('/').map(decodeURIComponent);
  const key = keyParts.join('/');
  if (key !== '') return { action: `s3:${objectAction(method, searchParams)}`, resource: `arn:aws:s3:::${bucket}/${key}` };
  const setting = Object.keys(BUCKET_SETTINGS).find((name) => searchParams.has(name));
  const action = setting === undefined ? { PUT: 'CreateBucket', DELETE: 'DeleteBucket' }[method] : BUCKET_SETTINGS[setting]?.[method];
  return { action: `s3:${action ?? 'ListBucket'}`, resource: `arn:aws:s3:::${bucket}${setting === 'delete' ? '/*' : ''}` };
}

function objectAction(method: string, query: URLSearchParams): string {
  if (method === 'DELETE') return query.has('versionId') ? 'DeleteObjectVersion' : 'DeleteObject';
  return method === 'PUT' || method === 'POST' ? 'PutObject' : 'GetObject';
}

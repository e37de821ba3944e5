import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { Config } from '../config/parse-config.js';
import type { Credentials } from '../ports.js';

interface AwsKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** What a client of the SDK signs with: a key, or what gives one whenever the last one has expired. */
export type SdkCredentials = AwsKey | (() => Promise<AwsKey>);

/** Bounds for a call to STS, which answers in tens of milliseconds. The SDK has none of its own. */
const STS_TIMEOUTS = { connectionTimeout: 5_000, requestTimeout: 10_000, throwOnRequestTimeout: true };

/** The longest that a role gives without being told to give more (API model, `AssumeRole`: the default of `MaxSessionDuration`). */
const ROLE_DURATION_SECONDS = 3600;

/** Undefined for the server's own: the SDK follows its default chain. */
export function sdkCredentialsOf(
  credentials: Credentials,
  { region, stsBaseEndpoint }: Pick<Config, 'region' | 'stsBaseEndpoint'>,
): SdkCredentials | undefined {
  switch (credentials.kind) {
    case 'server':
      return undefined;
    case 'static':
      return { accessKeyId: credentials.accessKeyId, secretAccessKey: credentials.secretAccessKey };
    case 'profile': {
      const { profile } = credentials;
      return named(
        'the profile of the user',
        loadedLater(async () => {
          const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers');
          return fromNodeProviderChain({ profile });
        }),
      );
    }
    case 'role': {
      const { roleArn, sessionName, externalId } = credentials;
      const params = {
        RoleArn: roleArn,
        RoleSessionName: sessionName,
        DurationSeconds: ROLE_DURATION_SECONDS,
        ...(externalId === undefined ? {} : { ExternalId: externalId }),
      };
      const endpoint = stsBaseEndpoint === '' ? {} : { endpoint: stsBaseEndpoint };
      const assumeRole = loadedLater(async () => {
        const { fromTemporaryCredentials } = await import('@aws-sdk/credential-providers');
        return fromTemporaryCredentials({
          params,
          clientConfig: { region, ...endpoint, requestHandler: new NodeHttpHandler(STS_TIMEOUTS) },
        });
      });
      return named('the role of the user', assumeRole);
    }
  }
}

/**
 * A provider that is made when it is first asked. The SDK's providers bring clients of STS and SSO along, which most servers never use and would hold in
 * memory all their life.
 */
function loadedLater(create: () => Promise<() => Promise<AwsKey>>): () => Promise<AwsKey> {
  let created: Promise<() => Promise<AwsKey>> | undefined;
  return async () => (await (created ??= create()))();
}

/**
 * Says whose credentials are missing. Without it a refusal of STS would look like one of Timestream, and be final: but nothing is wrong with the
 * samples, and they can be stored as soon as the role is right.
 */
function named(what: string, provider: () => Promise<AwsKey>): () => Promise<AwsKey> {
  return async () => {
    try {
      return await provider();
    } catch (error) {
      throw new MappedCredentialsError(`${what} gives no credentials`, { cause: error });
    }
  };
}

/** Its name is that of the SDK's own error for credentials that cannot be loaded: both mean the same. */
class MappedCredentialsError extends Error {
  override readonly name = 'CredentialsProviderError';
}

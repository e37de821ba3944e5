import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { secretAccessKey } from './start-connector.js';
import type { TimestreamKey } from './timestream-process.js';

/** Each session has a key of its own, as those of STS have. */
const keyOf = (session: number): Required<TimestreamKey> => ({
  accessKeyId: `ASIAEXAMPLESESSION${String(session).padStart(2, '0')}`,
  secretAccessKey,
  sessionToken: `session-${session}`,
});

/** The sessions that a run may have, one after the other. */
export const SESSION_KEYS: readonly TimestreamKey[] = Array.from({ length: 99 }, (_none, index) => keyOf(index + 1));

export interface SessionIssuer {
  /** For AWS_CONTAINER_CREDENTIALS_FULL_URI. */
  readonly url: string;
  /** The token of the session that is good now. */
  currentToken(): string;
  /** Ends the session before its time, as a role that is revoked does. Whoever asks now gets a new one. */
  endSession(): void;
  /** How many times credentials were asked for. */
  countOfIssued(): number;
  close(): Promise<void>;
}

/** What ECS and EKS run beside a container: gives temporary credentials for the asking (AWS SDKs guide, "Container credential provider"). */
export async function startSessionIssuer(): Promise<SessionIssuer> {
  let session = 1;
  let issued = 0;
  const currentToken = (): string => keyOf(session).sessionToken;
  const server = createServer((_incoming, outgoing) => {
    issued += 1;
    const key = keyOf(session);
    outgoing.writeHead(200, { 'content-type': 'application/json' }).end(
      JSON.stringify({
        AccessKeyId: key.accessKeyId,
        SecretAccessKey: key.secretAccessKey,
        Token: key.sessionToken,
        Expiration: new Date(Date.now() + 3_600_000).toISOString(),
      }),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/credentials`,
    currentToken,
    endSession: () => {
      session += 1;
    },
    countOfIssued: () => issued,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

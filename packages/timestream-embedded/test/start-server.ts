import { TimestreamQueryClient } from '@aws-sdk/client-timestream-query';
import { TimestreamWriteClient } from '@aws-sdk/client-timestream-write';
import { onTestFinished } from 'vitest';
import { startEmbeddedTimestream, type EmbeddedTimestream, type EmbeddedTimestreamOptions } from '../src/index.js';

export const credential = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret/with+signs' };

export interface RunningServer {
  readonly server: EmbeddedTimestream;
  readonly write: TimestreamWriteClient;
  readonly query: TimestreamQueryClient;
}

/** Clients that do not retry: a test sees what the server answered. */
export function createClients(
  url: string,
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } = credential,
): Pick<RunningServer, 'write' | 'query'> {
  const options = { endpoint: url, region: 'us-east-1', credentials, maxAttempts: 1 };
  return { write: new TimestreamWriteClient(options), query: new TimestreamQueryClient(options) };
}

/** A server with table `db.t` (unless told otherwise) and both SDK clients; all are closed when the test ends. */
export async function startServer(options: Partial<EmbeddedTimestreamOptions> = {}): Promise<RunningServer> {
  const server = await startEmbeddedTimestream({ credentials: [credential], create: [{ databaseName: 'db', tableName: 't' }], ...options });
  const clients = createClients(server.url);
  onTestFinished(async () => {
    clients.write.destroy();
    clients.query.destroy();
    await server.close();
  });
  return { server, ...clients };
}

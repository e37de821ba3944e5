import { environmentNameOf } from '@timestream-prometheus/connector';
import { connectorContract } from '@timestream-prometheus/connector-testing';
import { describe } from 'vitest';
import { isMissing } from '../harness/requirements.js';
import { accessKeyId, secretAccessKey } from '../harness/start-connector.js';
import { startLocalStack } from '../lambda/local-stack.js';

const key = { accessKeyId, secretAccessKey };

describe.skipIf(isMissing('lambdaRuntime'))('the deployed function', () => {
  connectorContract('as a package on AWS’ runtime client behind an HTTP API', async (flags) => {
    const stack = await startLocalStack({
      keys: [key],
      // The template's two routes, and one more for the paths that only the connector can refuse.
      hasDefaultRoute: true,
      env: Object.fromEntries(Object.entries(flags).map(([flag, value]) => [environmentNameOf(flag), value])),
    });
    const stageUrl = stack.writeUrl.slice(0, -'/write'.length);
    return {
      key,
      faults: stack.timestream.faults,
      async send({ method, path, headers, body }) {
        const response = await fetch(stageUrl + path, { method, headers, ...(method === 'GET' ? {} : { body }) });
        return {
          status: response.status,
          headers: Object.fromEntries(response.headers),
          body: new Uint8Array(await response.arrayBuffer()),
        };
      },
      restart: (more) => stack.redeploy(Object.fromEntries(Object.entries(more).map(([flag, value]) => [environmentNameOf(flag), value]))),
      close: () => stack.close(),
    };
  });
});

import { fileURLToPath } from 'node:url';

/** The program of AWS' own runtime client for Node.js, which scripts/install-lambda-runtime.mjs installs. */
export const runtimeClientFile =
  process.env['LAMBDA_RUNTIME_CLIENT'] ?? fileURLToPath(new URL('../runtime/node_modules/aws-lambda-ric/index.mjs', import.meta.url));

import { projectTestConfig } from '../vitest.base.js';

export default projectTestConfig('e2e', {
  include: ['architecture/**/*.test.ts', 'test/**/*.test.ts'],
  // Each file starts servers of its own; two files at once would only measure the machine.
  fileParallelism: false,
  testTimeout: 120_000,
  hookTimeout: 120_000,
  globalSetup: ['harness/build-check.ts'],
});

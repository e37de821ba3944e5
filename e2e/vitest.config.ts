import { projectTestConfig } from '../vitest.base.js';

export default projectTestConfig('e2e', {
  include: ['architecture/**/*.test.ts', 'test/**/*.test.ts'],
  // Each file starts servers of its own. Two files at once fill each other's waits; more would only measure the machine.
  maxWorkers: 2,
  isolate: true,
  testTimeout: 120_000,
  hookTimeout: 120_000,
  globalSetup: ['harness/build-check.ts'],
});

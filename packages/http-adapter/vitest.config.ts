import { projectTestConfig } from '../../vitest.base.js';

export default projectTestConfig(
  'http-adapter',
  {
    // Programs are started and stopped here; a busy machine is no failure.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
  ['test/readme.test.ts', 'test/cli/{completion,crowd-of-connections,embedded-key,embedded-storage,main,transfer}.test.ts'],
);

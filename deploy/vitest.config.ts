import { projectTestConfig } from '../vitest.base.js';

export default projectTestConfig('deploy', {
  // Python starts slowly, and two of its programs at once only measure the machine.
  isolate: true,
  testTimeout: 120_000,
  hookTimeout: 120_000,
});

import { projectTestConfig } from '../vitest.base.js';

export default projectTestConfig('deploy', {
  // Each file has programs and ports of its own, beside which its imports cost nothing.
  isolate: true,
  // Python starts slowly, and two of its programs at once only measure the machine.
  testTimeout: 120_000,
  hookTimeout: 120_000,
});

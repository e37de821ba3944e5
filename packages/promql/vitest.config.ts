import { projectTestConfig } from '../../vitest.base.js';

// Properties and fuzzing take seconds on a busy machine, and time is not what they test.
export default projectTestConfig('promql', { testTimeout: 120_000 });

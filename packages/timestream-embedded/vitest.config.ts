import { projectTestConfig } from '../../vitest.base.js';

export default projectTestConfig('timestream-embedded', { testTimeout: 30_000 });

import { projectTestConfig } from '../../vitest.base.js';

// Nothing here is timed; a busy machine may take its time to start a database.
export default projectTestConfig('connector', { testTimeout: 60_000, hookTimeout: 60_000, maxConcurrency: 20 });

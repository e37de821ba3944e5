import { projectTestConfig } from '../../vitest.base.js';

export default projectTestConfig('timestream-embedded', { testTimeout: 30_000 }, [
  'test/persistence.test.ts',
  'test/samples/**',
  'test/hostile/**',
  'test/memory.test.ts',
  'test/sql/*beside-{python,java}.test.ts',
  'test/sql/{java-double,java-pattern,java-regex-matcher,statistics,time-format}.test.ts',
]);

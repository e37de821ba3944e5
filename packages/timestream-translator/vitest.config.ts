import { projectTestConfig } from '../../vitest.base.js';

export default projectTestConfig(
  'timestream-translator',
  {
    // Properties run thousands of cases; a busy machine is no failure.
    testTimeout: 60_000,
  },
  ['test/matcher/matcher-against-go.test.ts', 'test/matcher/regex/java-pattern.test.ts'],
);

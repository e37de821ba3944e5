/**
 * Runs the tests.
 *
 *   npm test                               everything, with format, lint and types
 *   npm test -- matcher                    the test files whose path contains "matcher", in every package and end to end
 *   npm test -- matcher -t 'RE2'           of these, the tests whose name matches; whatever else vitest takes
 *
 * Where REQUIRE_EVERYTHING is 1, a skipped test is a failure. UNIT_TEST_ROUNDS repeats the unit tests, each time with other seeds.
 */
import { build, install } from './setup.mjs';
import { commandsStage, formatCommand, lintCommand, nxStage, packageProjects, runStages, testStage } from './stages.mjs';

install();

const args = process.argv.slice(2);
if (args.length > 0) {
  build();
  await runStages([testStage('tests that match', { results: 'matching', args })]);
} else {
  // Each round has other seeds.
  const rounds = Number(process.env['UNIT_TEST_ROUNDS'] ?? 1);
  const node24 = process.env['NODE_24'];
  await runStages(
    [
      commandsStage('format, lint', [formatCommand, lintCommand()]),
      nxStage('build, types', ['build', 'typecheck']),
      ...Array.from({ length: rounds }, (_none, round) =>
        testStage(`unit and property tests${rounds > 1 ? `, round ${round + 1}` : ''}`, {
          results: `unit-${round + 1}`,
          args: ['--project=!e2e'],
        }),
      ),
      ...(node24 === undefined
        ? []
        : [
            testStage('unit tests on Node 24', {
              results: 'unit-on-node-24',
              args: packageProjects,
              // What Java, Go and Python say has nothing to do with the version of Node.
              env: { PROPERTY_RUNS: 'few', PROGRAM_TESTS: 'none' },
              node: node24,
            }),
          ]),
      testStage('end-to-end tests', { results: 'end-to-end', args: ['--project=e2e'] }),
    ],
    { refuseSkips: process.env['REQUIRE_EVERYTHING'] === '1' },
  );
}

/**
 * What to run before every commit: format, lint, types, and the unit tests with few runs of each property, but for those that
 * start other programs.
 *
 *   npm run check
 *
 * `npm test` is the whole proof: many runs, templates and policies, and the built programs against real peers.
 */
import { install } from './setup.mjs';
import {
  besideEachOther,
  commandsStage,
  formatCommand,
  lintCommand,
  packageProjects,
  runStages,
  testStage,
  typesCommand,
} from './stages.mjs';

install();
await runStages([
  besideEachOther([
    commandsStage('format, lint, types', [formatCommand, lintCommand(), typesCommand]),
    testStage('unit tests with few runs of each property', {
      results: 'unit',
      // What the sources become is kept for the next check: a fifth of the processor time. The tests themselves run every time.
      args: [...packageProjects, '--experimental.fsModuleCache'],
      env: { PROPERTY_RUNS: 'few', PROGRAM_TESTS: 'none' },
    }),
  ]),
]);

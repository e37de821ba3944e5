/**
 * Lints.
 *
 *   npm run lint                                    everything
 *   npm run lint -- packages/connector/src/write    these files and folders
 */
import { install } from './setup.mjs';
import { commandsStage, lintCommand } from './stages.mjs';

install();
const paths = process.argv.slice(2);
process.exitCode = await commandsStage('lint', [lintCommand(paths.length > 0 ? paths : ['.'])]).run();

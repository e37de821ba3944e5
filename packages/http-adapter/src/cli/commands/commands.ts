import type { CommandDefinition } from '../command-definition.js';
import { completionCommand } from './completion.js';
import { DOCTOR } from './doctor.js';
import { EXPLAIN } from './explain.js';
import { EXPORT } from './export.js';
import { IMPORT } from './import.js';
import { TABLE_CREATE, TABLE_DESCRIBE } from './table.js';

const WORK: readonly CommandDefinition[] = [DOCTOR, EXPLAIN, IMPORT, EXPORT, TABLE_CREATE, TABLE_DESCRIBE];

/** Every command but `serve`, in the order of the help. */
export const COMMANDS: readonly CommandDefinition[] = [...WORK, completionCommand(WORK)];

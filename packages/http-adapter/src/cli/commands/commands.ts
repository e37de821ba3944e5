import type { CommandDefinition } from '../command-definition.js';
import { completionCommand } from './completion.js';
import { DOCTOR } from './doctor.js';
import { EXPLAIN } from './explain.js';
import { EXPORT } from './export.js';
import { IMPORT } from './import.js';
import { TABLE_CREATE, TABLE_DESCRIBE } from './table.js';
import { USERS_ADD, USERS_CHECK, USERS_HASH } from './users.js';

const WORK: readonly CommandDefinition[] = [
  DOCTOR,
  EXPLAIN,
  IMPORT,
  EXPORT,
  TABLE_CREATE,
  TABLE_DESCRIBE,
  USERS_ADD,
  USERS_HASH,
  USERS_CHECK,
];

/** Every command but `serve`, in the order of the help. */
export const COMMANDS: readonly CommandDefinition[] = [...WORK, completionCommand(WORK)];

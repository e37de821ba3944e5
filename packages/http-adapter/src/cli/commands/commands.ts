import type { CommandDefinition } from '../command-definition.js';
import { DOCTOR } from './doctor.js';
import { TABLE_CREATE, TABLE_DESCRIBE } from './table.js';

/** Every command but `serve`, in the order of the help. */
export const COMMANDS: readonly CommandDefinition[] = [DOCTOR, TABLE_CREATE, TABLE_DESCRIBE];

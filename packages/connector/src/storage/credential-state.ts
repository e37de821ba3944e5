import { RememberedSchema } from '../read/remembered-schema.js';
import { TableDimensions } from '../write/table-dimensions.js';

/** What is remembered per credential: two keys may belong to two accounts, whose tables share nothing but a name. */
export interface CredentialState {
  readonly dimensions: TableDimensions;
  readonly schema: RememberedSchema;
}

export function createCredentialState(): CredentialState {
  return { dimensions: new TableDimensions(), schema: new RememberedSchema() };
}

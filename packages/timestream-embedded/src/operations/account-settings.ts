import { validationError } from '../service-error.js';
import { parseModel } from '../wire/model-shape.js';
import type { OperationContext } from './database-operations.js';
import { scheduledQueryShapes as shapes } from './scheduled-query-shapes.js';

interface AccountSettings {
  readonly MaxQueryTCU: number;
  readonly QueryPricingModel: 'BYTES_SCANNED' | 'COMPUTE_UNITS';
}

const key = 'account/settings';

/** Default of the quota table. Nothing here is computed in units, so the settings change no answer. */
const defaults: AccountSettings = { MaxQueryTCU: 200, QueryPricingModel: 'COMPUTE_UNITS' };

export async function describeAccountSettings({ store }: OperationContext): Promise<object> {
  const [stored] = await store.settings.list(key);
  return { ...defaults, ...(stored as Partial<AccountSettings> | undefined) };
}

export async function updateAccountSettings(context: OperationContext, body: unknown): Promise<object> {
  const given = parseModel(shapes.UpdateAccountSettings, body);
  if (given.MaxQueryTCU !== undefined && given.MaxQueryTCU % 4 !== 0) throw validationError('MaxQueryTCU must be a multiple of 4.');
  const settings = { ...(await describeAccountSettings(context)), ...given };
  await context.store.settings.put(key, settings);
  return settings;
}

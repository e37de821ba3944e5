import { dropReasons, type DropReason } from '@timestream-prometheus/timestream-translator';
import type { Config } from '../config/parse-config.js';
import type { WriteVersion } from '../protocol/content-headers.js';

/**
 * Whether a sender has to be told of what is not stored for this reason, by an answer that is no success. To one of 2.0 nothing may be a success
 * that is not stored, unless an option says so; one of 1.0 has no way to tell what was not.
 */
export function isRefused(
  reason: DropReason,
  { config, version }: { readonly config: Pick<Config, 'onConflict' | 'exemplars'>; readonly version: WriteVersion },
): boolean {
  switch (reason) {
    case 'conflicting-sample':
      return config.onConflict === 'reject';
    // They come with all series of 2.0, and no answer counts them: where the layout has no place for them, the operator chose it.
    case 'metadata':
      return false;
    case 'exemplar':
      return version === '2.0' && config.exemplars === 'store';
    default:
      return version === '2.0' || dropReasons[reason].outcome === 'rejected';
  }
}

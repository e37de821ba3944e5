import { createHash } from 'node:crypto';
import type { AccessKey } from '@timestream-prometheus/connector-testing';

/** How a tenant comes to its table: by an access key of its own account, by a user of its own, or by a gateway that names it. */
export type Entrance = 'account' | 'token' | 'password' | 'gateway-header' | 'gateway-path';

/** Somebody whose samples, names and secrets nobody else may see. */
export interface Tenant {
  /** Part of every name, value and text that the tenant sends, and of nothing else: found in an answer to another one, it has leaked. */
  readonly mark: string;
  readonly entrance: Entrance;
  /** The account that its table lies in. */
  readonly account: string;
  readonly table: string;
  /** Its access keys, one after the other; those of its user or gateway if it has none of its own. */
  readonly keys: readonly AccessKey[];
  /** What it shows at the door, one after the other: the value of the header `authorization`. */
  readonly authorizations: readonly string[];
  /** The user in the users file, if it has one. */
  readonly userName: string | undefined;
}

/** Texts that nobody makes up: from the seed, so that a run can be repeated. */
export function secretOf(seed: number, what: string): string {
  return createHash('sha256').update(`${seed} ${what}`).digest('base64url');
}

export function accessKeyOf(seed: number, owner: string, generation: number): AccessKey {
  const digits = createHash('sha256').update(`${seed} id ${owner} ${generation}`).digest('hex').toUpperCase();
  return { accessKeyId: `AKIA${digits.slice(0, 16)}`, secretAccessKey: `sk-${secretOf(seed, `${owner} ${generation}`)}` };
}

export function markOf(seed: number, name: string): string {
  return `zq${createHash('sha256').update(`${seed} mark ${name}`).digest('hex').slice(0, 10)}`;
}

export function basicOf(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
}

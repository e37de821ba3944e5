import { readFileSync } from 'node:fs';
import { deployFolder } from '../stack/template-document.js';

/** A statement of an IAM policy, as far as the policies of this folder use the language. */
export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** What a request asks for: one action on one resource, and what it says about itself in condition keys. */
export interface AccessRequest {
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string>>;
}

/** The account that a policy is filled in for, as the guide tells its reader to fill it in. */
export interface PolicyPlace {
  readonly partition?: string;
  readonly region?: string;
  readonly accountId?: string;
  readonly others?: Readonly<Record<string, string>>;
}

export type PolicyName = 'deployment' | 'deployment-options' | 'execution' | 'cleanup' | 'signing' | 'privatelink';

/** The statements of a file in deploy/iam, with its placeholders as they stand. */
export function loadPolicy(name: PolicyName): readonly PolicyStatement[] {
  const document = JSON.parse(readFileSync(`${deployFolder}/iam/${name}.json`, 'utf8')) as { Statement: readonly PolicyStatement[] };
  return document.Statement;
}

/** The statements with their placeholders filled in, as the guide's `sed` does it. */
export function fillPolicy(
  statements: readonly PolicyStatement[],
  { partition = 'aws', region = 'us-east-1', accountId = '123456789012', others = {} }: PolicyPlace = {},
): readonly PolicyStatement[] {
  const values: Readonly<Record<string, string>> = { partition, region, 'account-id': accountId, ...others };
  const text = JSON.stringify(statements).replaceAll(/<([a-z-]+)>/g, (whole, name: string) => values[name] ?? whole);
  return JSON.parse(text) as readonly PolicyStatement[];
}

/**
 * Whether some statement allows the request. There are no Deny statements in this folder, so one that allows is enough. Actions are compared
 * without regard to case, resources with it; `*` and `?` are wildcards in both (IAM user guide, "Grammar of the IAM JSON policy language").
 */
export function isAllowed(statements: readonly PolicyStatement[], request: AccessRequest): boolean {
  return statements.some(
    ({ Action, Resource, Condition }) =>
      Action.some((pattern) => matchesPattern(pattern.toLowerCase(), request.action.toLowerCase())) &&
      listOf(Resource).some((pattern) => matchesPattern(pattern, request.resource)) &&
      conditionsHold(Condition ?? {}, request.context ?? {}),
  );
}

function conditionsHold(conditions: NonNullable<PolicyStatement['Condition']>, context: Readonly<Record<string, string>>): boolean {
  return Object.entries(conditions).every(([operator, keys]) =>
    Object.entries(keys).every(([key, values]) => {
      const actual = context[key];
      // A key that the request does not carry makes every operator here false.
      if (actual === undefined) return false;
      if (operator === 'StringEquals') return listOf(values).includes(actual);
      if (operator === 'StringLike') return listOf(values).some((pattern) => matchesPattern(pattern, actual));
      if (operator === 'Bool') return listOf(values).includes(actual.toLowerCase());
      throw new Error(`this evaluation does not know the condition operator ${operator}`);
    }),
  );
}

function listOf(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}

function matchesPattern(pattern: string, text: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}

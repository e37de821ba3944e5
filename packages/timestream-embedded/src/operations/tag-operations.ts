import { ServiceError } from '../service-error.js';
import { parseModel } from '../wire/model-shape.js';
import type { OperationContext } from './database-operations.js';
import { namePage } from './name-page.js';
import { tagShapes } from './operation-shapes.js';
import { databaseArn, tableArn } from './resource.js';
import type { ScheduledQueries } from './scheduled-queries.js';

/** A resource carries at most this many tags (API model, TagList). */
const maxTags = 200;

export async function tagResource(context: OperationContext, scheduled: ScheduledQueries, body: unknown): Promise<object> {
  const input = parseModel(tagShapes.TagResource, body);
  requireResource(context, scheduled, input.ResourceARN);
  const keys = new Set((await context.store.tags.list(input.ResourceARN)).map(({ Key }) => Key));
  for (const { Key } of input.Tags) keys.add(Key);
  if (keys.size > maxTags) throw new ServiceError('ServiceQuotaExceededException', `A resource carries at most ${maxTags} tags.`);
  await context.store.tags.put(input.ResourceARN, input.Tags);
  return {};
}

export async function untagResource(context: OperationContext, scheduled: ScheduledQueries, body: unknown): Promise<object> {
  const input = parseModel(tagShapes.UntagResource, body);
  requireResource(context, scheduled, input.ResourceARN);
  await context.store.tags.remove(input.ResourceARN, input.TagKeys);
  return {};
}

export async function listTagsForResource(context: OperationContext, scheduled: ScheduledQueries, body: unknown): Promise<object> {
  const input = parseModel(tagShapes.ListTagsForResource, body);
  requireResource(context, scheduled, input.ResourceARN);
  const { items, ...token } = namePage(
    await context.store.tags.list(input.ResourceARN),
    ({ Key }) => Key,
    input.MaxResults ?? maxTags,
    input.NextToken,
  );
  return { Tags: items, ...token };
}

function requireResource({ store, account }: OperationContext, scheduled: ScheduledQueries, arn: string): void {
  const isKnown =
    scheduled.has(arn) ||
    store.allDatabases().some(({ name }) => databaseArn(account, name) === arn) ||
    store.allTables().some((table) => tableArn(account, table) === arn);
  if (!isKnown) throw new ServiceError('ResourceNotFoundException', `The resource ${arn} does not exist.`);
}

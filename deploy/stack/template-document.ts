import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isMap, isScalar, isSeq, parseDocument, type Node } from 'yaml';

export const deployFolder = fileURLToPath(new URL('..', import.meta.url));

export type Json = null | boolean | number | string | readonly Json[] | JsonRecord;
export interface JsonRecord {
  readonly [key: string]: Json;
}

export interface Template {
  readonly Globals?: JsonRecord;
  readonly Parameters: Readonly<Record<string, JsonRecord>>;
  readonly Conditions: Readonly<Record<string, Json>>;
  readonly Resources: Readonly<Record<string, JsonRecord>>;
  readonly Outputs: Readonly<Record<string, JsonRecord>>;
}

/** A template of this folder as CloudFormation's JSON, with the short forms of its functions (`!Ref`) spelled out. */
export function loadTemplate(file: string): Template {
  const document = parseDocument(readFileSync(`${deployFolder}/${file}`, 'utf8'), { logLevel: 'silent' });
  const [error] = document.errors;
  if (error !== undefined) throw error;
  return toJson(document.contents) as unknown as Template;
}

/** A scalar as CloudFormation shows it: everything that a function takes as text it takes from these. */
export function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

function toJson(node: Node | null | undefined): Json {
  const value = untaggedJson(node);
  return node?.tag?.startsWith('!') === true ? longForm(node.tag.slice(1), value) : value;
}

function untaggedJson(node: Node | null | undefined): Json {
  if (isSeq<Node>(node)) return node.items.map(toJson);
  if (isMap<Node, Node>(node)) return Object.fromEntries(node.items.map(({ key, value }) => [String(key), toJson(value)]));
  return isScalar<Json>(node) ? node.value : null;
}

/** `!Sub x` is `{ "Fn::Sub": x }`, but `!Ref x` is `{ "Ref": x }` and `!GetAtt a.b` is `{ "Fn::GetAtt": ["a", "b"] }`. */
function longForm(name: string, value: Json): Json {
  if (name === 'Ref' || name === 'Condition') return { [name]: value };
  if (name === 'GetAtt' && typeof value === 'string') {
    const dot = value.indexOf('.');
    return { 'Fn::GetAtt': [value.slice(0, dot), value.slice(dot + 1)] };
  }
  return { [`Fn::${name}`]: value };
}

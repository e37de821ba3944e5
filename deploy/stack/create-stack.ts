import { textOf, type Json, type JsonRecord, type Template } from './template-document.js';

/** What CloudFormation would create: the resources and outputs whose conditions hold, with parameters and functions filled in. */
export interface Stack {
  readonly resources: Readonly<Record<string, { readonly type: string; readonly properties: JsonRecord }>>;
  readonly outputs: Readonly<Record<string, Json>>;
}

export interface StackChoices {
  readonly parameters?: Readonly<Record<string, string>>;
  readonly region?: string;
  readonly partition?: string;
  readonly urlSuffix?: string;
  readonly stackName?: string;
}

const NO_VALUE = Symbol('AWS::NoValue');
type Evaluated = Json | typeof NO_VALUE;

function jsonOf(value: Evaluated): Json {
  return value === NO_VALUE ? null : value;
}

/** Evaluates a template as CloudFormation does. What only AWS can know stays symbolic: `${HttpApi}`, `${LambdaFunction.Arn}`. */
export function createStack(
  template: Template,
  { parameters = {}, region, partition, urlSuffix, stackName = 'PrometheusTimestreamConnector' }: StackChoices = {},
): Stack {
  const values = new Map<string, Json>([
    ['AWS::AccountId', '123456789012'],
    ['AWS::Partition', partition ?? 'aws'],
    ['AWS::Region', region ?? 'us-east-1'],
    ['AWS::StackId', `arn:aws:cloudformation:us-east-1:123456789012:stack/${stackName}/1a2b3c4d`],
    ['AWS::StackName', stackName],
    ['AWS::URLSuffix', urlSuffix ?? 'amazonaws.com'],
  ]);
  for (const [name, { Default }] of Object.entries(template.Parameters)) if (Default !== undefined) values.set(name, textOf(Default));
  for (const [name, value] of Object.entries(parameters)) {
    if (template.Parameters[name] === undefined) throw new Error(`the template has no parameter ${name}`);
    values.set(name, value);
  }

  const ref = (name: string): Evaluated => {
    if (name === 'AWS::NoValue') return NO_VALUE;
    const value = values.get(name);
    if (value !== undefined) return value;
    if (template.Resources[name] === undefined) throw new Error(`nothing is called ${name}`);
    return `\${${name}}`;
  };
  const holds = (name: string): boolean => {
    const condition = template.Conditions[name];
    if (condition === undefined) throw new Error(`there is no condition ${name}`);
    return truth(condition);
  };
  const truth = (condition: Json): boolean => {
    const [[name, value] = ['', null]] = Object.entries(condition as JsonRecord);
    if (name === 'Condition') return holds(textOf(value));
    const operands = value as readonly Json[];
    if (name === 'Fn::Equals') return textOf(evaluateToJson(operands[0])) === textOf(evaluateToJson(operands[1]));
    if (name === 'Fn::Not') return !truth(operands[0] ?? null);
    if (name === 'Fn::And') return operands.every(truth);
    throw new Error(`this evaluator does not know the condition ${name}`);
  };
  const substitute = (text: string): string =>
    text
      .replaceAll(/\$\{([^}!]+)\}/g, (whole, name: string) => (name.includes('.') ? whole : textOf(jsonOf(ref(name)))))
      // `${!x}` is how a template says `${x}` to whoever reads the text next.
      .replaceAll('${!', '${');
  const evaluateToJson = (value: Json | undefined): Json => jsonOf(evaluate(value ?? null));
  const evaluate = (value: Json): Evaluated => {
    if (Array.isArray(value)) return value.map(evaluate).filter((item): item is Json => item !== NO_VALUE);
    if (typeof value !== 'object' || value === null) return value;
    const record = value as JsonRecord;
    const [[name, argument] = ['', null]] = Object.entries(record);
    const list = Array.isArray(argument) ? (argument as readonly Json[]) : [];
    if (name === 'Ref') return ref(textOf(argument));
    if (name === 'Fn::GetAtt') return `\${${list.map(textOf).join('.')}}`;
    if (name === 'Fn::Base64') return Buffer.from(textOf(evaluateToJson(argument))).toString('base64');
    if (name === 'Fn::Sub') return substitute(textOf(argument));
    if (name === 'Fn::If') return evaluate((holds(textOf(list[0])) ? list[1] : list[2]) ?? null);
    if (name === 'Fn::GetAZs') return ['a', 'b', 'c'].map((zone) => textOf(values.get('AWS::Region')) + zone);
    if (name === 'Fn::Cidr') return blocksOf(list.map((item) => textOf(evaluateToJson(item))));
    if (name === 'Fn::Select') return (evaluateToJson(list[1]) as readonly Json[])[Number(list[0])] ?? null;
    if (name.startsWith('Fn::')) return record;
    const entries = Object.entries(record).map(([key, each]) => [key, evaluate(each)] as const);
    return Object.fromEntries(entries.filter((entry): entry is readonly [string, Json] => entry[1] !== NO_VALUE));
  };

  const present = (parts: Readonly<Record<string, JsonRecord>>) =>
    Object.entries(parts).filter(([, { Condition }]) => Condition === undefined || holds(textOf(Condition)));
  return {
    resources: Object.fromEntries(
      present(template.Resources).map(([name, { Type, Properties }]) => [
        name,
        { type: textOf(Type), properties: evaluate(withGlobals(template, textOf(Type), Properties ?? {})) as JsonRecord },
      ]),
    ),
    outputs: Object.fromEntries(present(template.Outputs).map(([name, { Value }]) => [name, evaluate(Value ?? null) as Json])),
  };
}

/** The first blocks of an address range, each with so many bits for its addresses: [range, count, bits]. */
function blocksOf([range = '', count, bits]: readonly string[]): readonly string[] {
  const octets = (range.split('/')[0] ?? '').split('.').map(Number);
  const first = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  return Array.from({ length: Number(count) }, (_none, index) => {
    const address = first + index * 2 ** Number(bits);
    return `${[24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')}/${String(32 - Number(bits))}`;
  });
}

/** What SAM's transform does with `Globals`: a function's own properties are laid over them, maps key by key. */
function withGlobals(template: Template, type: string, properties: Json): Json {
  return type === 'AWS::Serverless::Function' ? overlay(template.Globals?.['Function'] ?? {}, properties) : properties;
}

function overlay(base: Json | undefined, own: Json): Json {
  if (!isMapping(base) || !isMapping(own)) return own;
  return { ...base, ...Object.fromEntries(Object.entries(own).map(([key, value]) => [key, overlay(base[key], value)])) };
}

function isMapping(value: Json | undefined): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

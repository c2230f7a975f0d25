// The page about the custom resources, made from their definitions, their examples and the texts about conditions.

import { definitions, type Definition } from './definitions.ts';
import { jobConditions, poolConditions, type ConditionText } from './reasons.ts';
import type { Rule, Structural } from './structural.ts';

/** An example file, by its name below examples/kubernetes. */
export type Examples = ReadonlyMap<string, string>;

export function resourcesPage(examples: Examples): string {
  const [jobs, pools] = definitions();
  const ofKind = (kind: string): [string, string][] =>
    [...examples].filter(([, text]) => text.includes(`kind: ${kind}\n`));
  return [
    introduction,
    kindText(jobs!, ofKind('GenerationJob'), jobConditions),
    kindText(pools!, ofKind('WorkerPool'), poolConditions),
    limits,
  ].join('\n');
}

const introduction = `# Custom resources

Two kinds in the group \`genwarden.dev/v1alpha1\`, both namespaced: \`GenerationJob\` (\`gj\`) is a job, \`WorkerPool\` (\`gwp\`)
a queue with its workers. \`kubectl get genwarden\` lists both; \`kubectl explain gj.spec.policy\` says what stands here.
Jobs that come in by HTTP are not copied into Kubernetes: [http.md](http.md).

<!-- Written by hack/custom-resources.ts from src/operator/resources/. -->
`;

const limits = `## What the API server does and does not check

- Types, bounds and the rules above: a resource that breaks them is refused with a message that names the field.
- A field that is not known is refused by \`kubectl\`, which asks for it (\`--validate=strict\` is its default); a client that does
  not ask gets a warning, and the field is dropped.
- The size of a spec as a whole (64 KiB) and of free JSON, the depth of free JSON (64 levels), whether \`schema\` is a JSON
  Schema, names that are alike at their ends in more than 130 tasks, and whether there is such a pool and model are looked at
  by the operator: see the condition \`Accepted\`.
- \`kubectl apply\` drops every \`null\` before it sends a resource, in free JSON too; \`kubectl apply --server-side\` and
  \`kubectl create\` keep it.
`;

function kindText(
  definition: Definition,
  examples: readonly [string, string][],
  conditions: readonly ConditionText[],
): string {
  const { names, versions } = definition.spec;
  const { schema, additionalPrinterColumns: columns } = versions[0]!;
  const { description, properties } = schema.openAPIV3Schema;
  const { spec, status } = properties!;
  return [
    `## ${names.kind}\n`,
    `${description}\n`,
    ...examples.map(
      ([name, text]) => `[examples/kubernetes/${name}](../examples/kubernetes/${name}):\n\n\`\`\`yaml\n${text}\`\`\`\n`,
    ),
    `### Spec of a ${names.kind}\n`,
    fieldTable(spec!),
    `The API server refuses besides, with these words:\n`,
    [...rulesOf(schema.openAPIV3Schema, '')]
      .map(([at, { message }]) => (at === '' ? `- ${message}` : `- \`${at}\`: ${message}`))
      .join('\n') + '\n',
    `### Status of a ${names.kind}\n`,
    `${status!.description}\n`,
    fieldTable(status!),
    `### Columns of a ${names.kind}\n`,
    table(
      ['column', 'shown', 'meaning', 'from'],
      columns.map(({ name, priority, description: meaning, jsonPath }) => [
        name,
        priority === 1 ? '`-o wide`' : 'always',
        meaning,
        code(jsonPath),
      ]),
    ),
    `### Conditions of a ${names.kind}\n`,
    ...conditions.map(conditionText),
  ].join('\n');
}

function conditionText({ type, meaning, reasons }: ConditionText): string {
  const lines = Object.entries(reasons).map(
    ([reason, says]) => `  - ${/^[A-Z]\w+$/.test(reason) ? code(reason) : reason}: ${says}`,
  );
  return `- \`${type}\`: ${meaning}\n${lines.join('\n')}\n`;
}

function fieldTable(schema: Structural): string {
  const rows = [...fieldsOf(schema, '')].map(([path, field, required]) => [
    code(path),
    typeOf(field),
    boundsOf(field),
    required ? 'required' : 'default' in field ? code(JSON.stringify(field['default'])) : '',
    field.description ?? '',
  ]);
  return table(['field', 'type', 'bounds', 'default', 'meaning'], rows);
}

type Field = readonly [path: string, schema: Structural, required: boolean];

/** Lists show their entries in place of themselves being opened: `keys[].secretKeyRef`. */
function* fieldsOf(schema: Structural, path: string): Generator<Field> {
  for (const [name, each] of Object.entries(schema.properties ?? {})) {
    const at = path === '' ? name : `${path}.${name}`;
    if (isRepeated(at)) continue;
    yield [at, each, schema.required?.includes(name) ?? false];
    yield* fieldsOf(each, at);
    if (each.items !== undefined) yield* fieldsOf(each.items, `${at}[]`);
  }
}

function typeOf(field: Structural): string {
  if (field['x-kubernetes-int-or-string']) return 'quantity';
  if (field.items !== undefined) return `list of ${typeOf(field.items)}`;
  if (field.additionalProperties !== undefined) return `map to ${typeOf(field.additionalProperties)}`;
  if (field.type === undefined) return 'any JSON';
  if (field['x-kubernetes-preserve-unknown-fields']) return 'free object';
  if (field['format'] === 'date-time') return 'time';
  if (isDuration(field)) return field['nullable'] === true ? 'duration or null' : 'duration';
  return `${field.type}${field['nullable'] === true ? ' or null' : ''}`;
}

const isDuration = ({ pattern = '' }: Structural): boolean => pattern.startsWith(String.raw`^(\d+d)?`);

/** Of a duration, a quantity or printable text the meaning says more than the pattern. */
const isPlain = (pattern: string | undefined): pattern is string =>
  pattern !== undefined && !/^\^\\\+\?|\\p\{/.test(pattern);

function boundsOf(field: Structural): string {
  if (isDuration(field)) return '';
  const { minimum, maximum, minLength, maxLength, minItems, maxItems, maxProperties, pattern } = field;
  const bounds = [
    (field.enum ?? []).map(code).join(', '),
    range(minimum, maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum, ''),
    range(minLength, maxLength, ' characters'),
    range(minItems, maxItems, ' entries'),
    range(undefined, maxProperties, ' entries'),
    isPlain(pattern) ? code(pattern) : '',
  ];
  const own = bounds.filter((bound) => bound !== '').join('; ');
  const entry = field.items ?? field.additionalProperties;
  const ofEntries = entry === undefined || entry.properties !== undefined ? '' : boundsOf(entry);
  return [own, ofEntries === '' ? '' : `each: ${ofEntries}`].filter((part) => part !== '').join('; ');
}

function range(least: number | undefined, most: number | undefined, unit: string): string {
  if (least === undefined && most === undefined) return '';
  if (most === undefined) return `at least ${least}${unit}`;
  return least === undefined ? `at most ${most}${unit}` : `${least} to ${most}${unit}`;
}

/** Each rule with the place that its message names. */
function* rulesOf(schema: Structural, path: string): Generator<[string, Rule]> {
  for (const rule of schema['x-kubernetes-validations'] ?? []) yield [`${path}${rule.fieldPath ?? ''}`, rule];
  for (const [name, each] of Object.entries(schema.properties ?? {})) {
    const at = path === '' ? name : `${path}.${name}`;
    if (!isRepeated(at.replace(/^spec\./, ''))) yield* rulesOf(each, at);
  }
  if (schema.items !== undefined) yield* rulesOf(schema.items, `${path}[]`);
}

/** A task's input has the keys of the job's, and one more. */
const isRepeated = (path: string): boolean => /^tasks\[\]\.input\.(?!extraReferences)/.test(path);

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''].join('\n');
}

const code = (text: string): string => `\`${text}\``;

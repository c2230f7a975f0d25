// The forms that the values of provider options have: a type, bounds, and what a value of another form is told.

import type { JsonObject, JsonValue } from '../task.ts';

export type Form =
  | { readonly type: 'number' | 'integer'; readonly min: number; readonly max: number }
  | { readonly type: 'boolean' }
  /** Without `values`, any short text. */
  | { readonly type: 'text'; readonly values?: readonly string[] }
  | { readonly type: 'list'; readonly of: Form; readonly atMost: number }
  /** With exactly these fields, all of them optional. */
  | { readonly type: 'object'; readonly fields: Readonly<Record<string, Form>> }
  | { readonly type: 'anyObject' };

export interface ValueProblem {
  /** Relative to the option: `[0].threshold`, or empty. */
  readonly path: string;
  /** The end of a sentence that starts with the value. */
  readonly message: string;
}

/** Characters of a text without listed values. */
const longestText = 512;

/** The first problem of a value; undefined if it has the form. */
export function valueProblem(value: JsonValue, form: Form, path = ''): ValueProblem | undefined {
  switch (form.type) {
    case 'number':
    case 'integer':
      return isInRange(value, form) ? undefined : { path, message: `must be ${rangeOf(form)}` };
    case 'boolean':
      return typeof value === 'boolean' ? undefined : { path, message: 'must be true or false' };
    case 'text':
      return textProblem(value, form.values, path);
    case 'list':
      return listProblem(value, form, path);
    case 'object':
      return objectProblem(value, form.fields, path);
    case 'anyObject':
      return isObject(value) ? undefined : { path, message: 'must be an object' };
    default:
      return form satisfies never;
  }
}

type Range = Extract<Form, { min: number }>;

function isInRange(value: JsonValue, { type, min, max }: Range): boolean {
  if (typeof value !== 'number' || (type === 'integer' && !Number.isInteger(value))) return false;
  return value >= min && value <= max;
}

function rangeOf({ type, min, max }: Range): string {
  const what = type === 'integer' ? 'an integer' : 'a number';
  return max >= Number.MAX_SAFE_INTEGER ? `${what} of at least ${min}` : `${what} from ${min} to ${max}`;
}

function textProblem(value: JsonValue, values: readonly string[] | undefined, path: string): ValueProblem | undefined {
  if (typeof value !== 'string') return { path, message: 'must be a string' };
  if (values !== undefined && !values.includes(value)) return { path, message: `must be one of ${values.join(', ')}` };
  return value.length > longestText ? { path, message: `is longer than ${longestText} characters` } : undefined;
}

function listProblem(
  value: JsonValue,
  { of, atMost }: Extract<Form, { type: 'list' }>,
  path: string,
): ValueProblem | undefined {
  if (!Array.isArray(value)) return { path, message: 'must be a list' };
  if (value.length > atMost) return { path, message: `has more than ${atMost} items` };
  return first(value.map((one: JsonValue, index) => valueProblem(one, of, `${path}[${index}]`)));
}

function objectProblem(
  value: JsonValue,
  fields: Readonly<Record<string, Form>>,
  path: string,
): ValueProblem | undefined {
  if (!isObject(value)) return { path, message: 'must be an object' };
  return first(
    Object.entries(value).map(([name, one]) => {
      const form = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (form !== undefined) return valueProblem(one, form, `${path}.${name}`);
      return { path: `${path}.${name}`, message: `is not a field; it has ${Object.keys(fields).join(', ')}` };
    }),
  );
}

const first = (problems: readonly (ValueProblem | undefined)[]): ValueProblem | undefined =>
  problems.find((problem) => problem !== undefined);

const isObject = (value: JsonValue): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

// Checks the fields of a request as strictly as OpenAI: a parameter that it does not have is refused, and so is a value.

import { z } from 'zod';
import { invalid } from './openaiError.ts';

/** Throws OpenAIError 400 in OpenAI's words, about the first problem. */
export function checked<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw problemOf(parsed.error.issues[0]!);
}

/** A number of a form, whose fields are all texts. */
export const formNumber = z.preprocess((value) => (typeof value === 'string' ? Number(value) : value), z.number());

function problemOf(issue: z.core.$ZodIssue): Error {
  const place = placeOf(issue.path);
  if (issue.code === 'unrecognized_keys') {
    const name = placeOf([...issue.path, issue.keys[0]!]);
    return invalid(`Unknown parameter: '${name}'.`, name, 'unknown_parameter');
  }
  if (issue.code === 'invalid_union') {
    const deeper = issue.errors.flat().toSorted((one, other) => other.path.length - one.path.length)[0];
    if (deeper !== undefined && deeper.path.length > 0)
      return problemOf({ ...deeper, path: [...issue.path, ...deeper.path] });
  }
  if (issue.code === 'invalid_type' && issue.input === undefined)
    return invalid(`Missing required parameter: '${place}'.`, place, 'missing_required_parameter');
  return invalid(`Invalid value for '${place}': ${issue.message}.`, place);
}

/** `input[0].content[1].image_url`. */
function placeOf(path: readonly PropertyKey[]): string {
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`));
  return steps.join('').replace(/^\./, '');
}

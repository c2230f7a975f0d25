// Validation by zod with errors that name each field, and the parameters that several routes share.

import type { FastifySchemaCompiler } from 'fastify';
import { z } from 'zod';
import { invalidRequest, type FieldError } from '../job/errors/invalidRequest.ts';
import { isJobId } from '../job/ids.ts';
import { durationText } from '../jobs/submit/durationText.ts';

export const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  return (data: unknown) => {
    // An absent body is read as an empty object, so that the error names the missing field.
    const result = schema.safeParse(data === undefined || (data === null && httpPart === 'body') ? {} : data);
    if (result.success) return { value: result.data };
    return { error: invalidRequest(result.error.issues.flatMap((issue) => fieldErrors(issue, httpPart))) };
  };
};

/** Responses are typed, so they are not validated again. */
export const serializerCompiler = () => (data: unknown) => JSON.stringify(data);

/** `?wait=`, at most one minute. */
export const waitQuery = durationText({ min: 0, max: 60_000 }).optional();

export const jobParams = z.strictObject({
  id: z
    .string()
    .transform((id) => (isJobId(id) ? id : ''))
    .describe("The job's id."),
});

/** A query parameter that may be given several times. */
export function repeatable<T extends z.ZodType<unknown, string>>(schema: T, description: string) {
  return z
    .preprocess((value: unknown) => (value === undefined ? [] : [value].flat()), z.array(schema))
    .meta({ type: 'array', items: z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }), description });
}

function fieldErrors(issue: z.core.$ZodIssue, part: string | undefined): FieldError[] {
  const path = pathText(issue.path, part);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: pathText([...issue.path, key], part), message: 'is not a known field' }));
  }
  return [{ path, message: issue.message }];
}

/** `tasks[3].input.prompt`; fields outside the body are prefixed: `query.wait`. */
function pathText(path: readonly PropertyKey[], part: string | undefined = 'body'): string {
  const root = part === 'body' ? '' : part === 'querystring' ? 'query' : part;
  const text = path.reduce<string>(
    (start, key) => (typeof key === 'number' ? `${start}[${key}]` : `${start}${start === '' ? '' : '.'}${String(key)}`),
    root,
  );
  return text === '' ? 'body' : text;
}

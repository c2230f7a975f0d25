// Validation by zod with errors that name each field, and the parameters that several routes share.

import type { FastifySchemaCompiler } from 'fastify';
import { z } from 'zod';
import { invalidRequest, type FieldError } from '../job/errors/invalidRequest.ts';
import { isJobId } from '../job/ids.ts';
import type { Api } from './options.ts';
import { durationText } from '../jobs/submit/durationText.ts';

export const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  return (data: unknown) => {
    // An absent body is read as an empty object, so that the error names the missing field.
    const result = schema.safeParse(data === undefined || (data === null && httpPart === 'body') ? {} : data);
    if (result.success) return { value: result.data };
    return { error: invalidRequest(result.error.issues.flatMap((issue) => fieldErrors(issue, httpPart))) };
  };
};

/** Unknown query parameters are refused by every route, also by those that take none. */
export function refuseUnknownQueries(app: Api): void {
  app.addHook('onRoute', (route) => {
    if (route.url !== '*') route.schema = { querystring: z.strictObject({}), ...route.schema };
  });
}

/** Responses are typed, so they are not validated again. */
export const serializerCompiler = () => (data: unknown) => JSON.stringify(data);

export const ifNoneMatch = z
  .string()
  .optional()
  .describe('Tags that the client has: if one is current, the answer is 304.');

/** `?wait=`, at most one minute. */
export const waitQuery = durationText({ min: 0, max: 60_000 }).optional();

export const jobParams = z.strictObject({
  id: z
    .string()
    .transform((id) => (isJobId(id) ? id : ''))
    .describe("The job's id."),
});

/** Of routes that a signed link may read. */
export const linkQuery = z.string().optional();

/** A query parameter that may be given several times. */
export function repeatable<T extends z.ZodType<unknown, string>>(schema: T, description: string) {
  return z
    .preprocess((value: unknown) => [value ?? []].flat(), z.array(schema))
    .optional()
    .meta({ type: 'array', items: z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }), description });
}

/** A query parameter that is an integer from `min` to `max`. */
export function integerQuery(min: number, max: number) {
  return z
    .string()
    .refine((text) => /^(0|[1-9]\d{0,14})$/.test(text) && Number(text) >= min && Number(text) <= max, {
      message: `is not a number from ${min} to ${max}`,
    })
    .transform(Number)
    .meta({ type: 'integer', minimum: min, maximum: max });
}

export const booleanQuery = z
  .string()
  .refine((text) => text === 'true' || text === 'false', 'is neither true nor false')
  .transform((text) => text === 'true')
  .meta({ type: 'boolean' });

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

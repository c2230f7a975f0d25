// Problem documents (RFC 9457), the only form in which the API reports errors.

import { z } from 'zod';
import { catalogue, type ErrorCode, type GenwardenError } from '../job/errors/index.ts';

export const errorCodeSchema = z
  .enum(Object.keys(catalogue) as ErrorCode[])
  .describe('A code of the error catalogue: docs/errors.md explains each.');

export const fieldErrorSchema = z.object({
  path: z.string().describe('The place in the body, such as `tasks[3].input.prompt`; `query.limit` for a parameter.'),
  message: z.string(),
});

export const problemSchema = z
  .object({
    type: z.url().describe('A page that explains the code.'),
    title: z.string().describe('What the code means, in one line.'),
    status: z.int().min(400).max(599),
    detail: z.string().describe('What happened this time.'),
    code: errorCodeSchema,
    hint: z.string().describe('What to do.'),
    requestId: z.string().describe('As in `X-Request-Id`.'),
    errors: z.array(fieldErrorSchema).optional().describe('Each invalid part of the request; of `InvalidRequest`.'),
    jobId: z.string().optional().describe('The job that this submit may have stored; of `Unavailable`.'),
    idempotencyKey: z
      .string()
      .optional()
      .describe('To retry safely, send the same body with this Idempotency-Key; of `Unavailable`.'),
    holder: z.string().optional().describe('The open job that has the concurrency key; of `ConcurrencyConflict`.'),
    known: z
      .array(z.string())
      .optional()
      .describe('What could be named instead; of `PoolNotFound`, `PoolNotAllowed` and `ModelNotInPool`.'),
  })
  .describe('A problem document (RFC 9457): the form of every error.');

export type Problem = z.infer<typeof problemSchema>;

/** The catalogue's hint is about writes whose answer was lost. */
const hintForReads =
  'Nothing was changed: send the same request again later. `genwarden doctor` says what does not answer.';

interface RefusedRequest {
  /** The template of the request's path, on which the status can depend. */
  readonly route?: string | undefined;
  /** It changes nothing. */
  readonly isRead?: boolean;
}

export function problemOf(
  error: GenwardenError,
  requestId: string,
  { route, isRead = false }: RefusedRequest = {},
): Problem {
  const { errors, jobId, idempotencyKey, holder, known } = error.details;
  const extra = { errors, jobId, idempotencyKey, holder, known };
  return {
    type: errorPage(error.code),
    title: catalogue[error.code].title,
    status: statusOf(error.code, route),
    detail: error.message,
    code: error.code,
    hint: isRead && error.code === 'Unavailable' ? hintForReads : error.hint,
    requestId,
    ...Object.fromEntries(Object.entries(extra).filter(([, value]) => value !== undefined)),
  };
}

/** Codes without a status in the catalogue are server errors. */
export function statusOf(code: ErrorCode, route = ''): number {
  // What the path names does not exist; elsewhere the body is wrong.
  if (code === 'PoolNotFound' && route.includes('/:pool')) return 404;
  const entry: { readonly status?: number } = catalogue[code];
  return entry.status ?? statusOfTaskError[code] ?? 500;
}

const errorPage = (code: ErrorCode): string => `https://genwarden.dev/docs/errors#${code.toLowerCase()}`;

/** Task errors that a request can also end with. */
const statusOfTaskError: Partial<Record<ErrorCode, number>> = { ReferenceNotFound: 422, ArtifactStoreFailed: 503 };

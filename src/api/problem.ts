// Problem documents (RFC 9457), the only form in which the API reports errors.

import { z } from 'zod';
import { catalogue, type ErrorCode, type GenwardenError } from '../job/errors/index.ts';

export const problemSchema = z
  .object({
    type: z.url().describe('A page that explains the code.'),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().describe('A code of the error catalogue.'),
    hint: z.string().describe('What to do.'),
    requestId: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    jobId: z.string().optional().describe('The job that this submit may have stored.'),
    idempotencyKey: z.string().optional().describe('To retry safely, send the same body with this Idempotency-Key.'),
  })
  .describe('A problem document (RFC 9457).');

export type Problem = z.infer<typeof problemSchema> & Record<string, unknown>;

/** Codes without a status in the catalogue are server errors. */
export function problemOf(error: GenwardenError, requestId: string): Problem {
  const { errors, jobId, idempotencyKey, holder, known } = error.details;
  const extra = { errors, jobId, idempotencyKey, holder, known };
  return {
    type: errorPage(error.code),
    title: catalogue[error.code].title,
    status: statusOf(error.code),
    detail: error.message,
    code: error.code,
    hint: error.hint,
    requestId,
    ...Object.fromEntries(Object.entries(extra).filter(([, value]) => value !== undefined)),
  };
}

export function statusOf(code: ErrorCode): number {
  const entry: { readonly status?: number } = catalogue[code];
  return entry.status ?? statusOfTaskError[code] ?? 500;
}

const errorPage = (code: ErrorCode): string => `https://genwarden.dev/docs/errors#${code.toLowerCase()}`;

/** Task errors that a request can also end with. */
const statusOfTaskError: Partial<Record<ErrorCode, number>> = { ReferenceNotFound: 422, ArtifactStoreFailed: 503 };

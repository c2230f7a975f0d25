// What routes share in their answers: documented problems, and the headers of a job.

import type { FastifyReply } from 'fastify';
import { isOpen } from '../../job/task.ts';
import type { JobRecord } from '../../ports/jobLog.ts';
import { versionOf } from '../../jobs/wait.ts';
import type { ApiContext } from '../options.ts';
import { problemSchema } from '../problem.ts';

/** For the `response` of a route's schema. */
export const problems = {
  default: { description: 'A problem document.', content: { 'application/problem+json': { schema: problemSchema } } },
} as const;

/** Weak, as progress between two transitions does not change it. */
export const jobTag = (record: JobRecord): string => `W/"${versionOf(record).sequence}"`;

/** `ETag`, and for an open job `Retry-After`: when looking again is worth it. */
export function jobHeaders(reply: FastifyReply, record: JobRecord, now: number): FastifyReply {
  reply.header('etag', jobTag(record)).header('cache-control', 'no-cache');
  const open = record.tasks.map(({ last }) => last.state).filter(isOpen);
  if (open.length === 0) return reply;
  const waits = open.map((state) => {
    if (state.state === 'waiting') return Math.ceil((state.retryAt - now) / 1_000);
    return state.state === 'needs_review' ? 30 : 2;
  });
  return reply.header('retry-after', String(Math.min(30, Math.max(1, Math.min(...waits)))));
}

/** Does `If-None-Match` name this tag? Compared weakly, as RFC 9110 says. */
export function isNamed(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  const bare = (text: string): string => text.trim().replace(/^W\//, '');
  return header.split(',').some((each) => each.trim() === '*' || bare(each) === bare(tag));
}

/** Aborts when the client disconnects before it has its answer, or when the API closes. */
export function requestEnd({ closing }: Pick<ApiContext, 'closing'>, reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  // Of the socket's response, not the request: a request whose body was read has closed long before.
  reply.raw.once('close', () => gone.abort());
  if (reply.raw.closed) gone.abort();
  return AbortSignal.any([gone.signal, closing]);
}

// Parts of responses that routes share: the documented problems, and the headers of a job.

import type { FastifyReply } from 'fastify';
import { isOpen } from '../../job/task.ts';
import type { JobRecord } from '../../ports/jobLog.ts';
import type { TaskVersion } from '../../jobs/list.ts';
import { versionOf } from '../../jobs/wait.ts';
import type { ApiContext } from '../options.ts';
import { problemSchema } from '../problem.ts';
import type { Live } from '../view/taskView.ts';

const problem = { 'application/problem+json': { schema: problemSchema } };

/** For the `response` of a route's schema. */
export const problems = {
  403: {
    description:
      'A problem document. `Forbidden`: the token does not permit the request. Without authentication `CrossSiteRequest`: a page of another site sent the request, or `ForeignHost`: the host name is not one of this API.',
    content: problem,
  },
  default: { description: 'A problem document.', content: problem },
} as const;

/** For the views of these tasks. */
export async function liveOf({ workers, waits }: ApiContext, tasks: Iterable<TaskVersion>): Promise<Live> {
  return { workers, waits: await waits.of(tasks) };
}

/** Weak, because progress, and what a task waits for, may change between two transitions. */
export const jobTag = (record: JobRecord): string => `W/"${versionOf(record).sequence}"`;

/** Sets `ETag`, and for an open job `Retry-After`, the time after which another read is worthwhile. */
export function jobHeaders(reply: FastifyReply, record: JobRecord, now: number): FastifyReply {
  reply.header('etag', jobTag(record)).header('cache-control', 'no-cache');
  const open = record.tasks.map(({ last }) => last.state).filter(isOpen);
  if (open.length === 0) return reply;
  const waits = open.map((state) => {
    if (state.state === 'waiting' && state.retryAt !== null) return Math.ceil((state.retryAt - now) / 1_000);
    return state.state === 'needs_review' ? 30 : 2;
  });
  return reply.header('retry-after', String(Math.min(30, Math.max(1, Math.min(...waits)))));
}

/** Whether `If-None-Match` names this tag; compared weakly, as RFC 9110 requires. */
export function isNamed(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  const bare = (text: string): string => text.trim().replace(/^W\//, '');
  return header.split(',').some((each) => each.trim() === '*' || bare(each) === bare(tag));
}

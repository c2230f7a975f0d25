// Parts of responses that routes share: the description of a job, and the headers of a job.

import type { FastifyReply } from 'fastify';
import { isOpen } from '../../job/task.ts';
import type { JobRecord } from '../../ports/jobLog.ts';
import { taskVersions, type TaskVersion } from '../../jobs/list.ts';
import type { LinkedAddress } from '../../jobs/links.ts';
import type { Waits } from '../../jobs/waitObserver.ts';
import { versionOf } from '../../jobs/wait.ts';
import type { ApiContext } from '../options.ts';
import type { Live } from '../view/taskView.ts';

/** How the document describes an answer with a job. */
export const jobAnswer = { says: 'The job.', headers: ['ETag', 'Retry-After', 'Cache-Control'] } as const;

/** For the views of these tasks. */
export async function liveOf(
  { workers, waits, traceUrl }: ApiContext,
  tasks: Iterable<TaskVersion>,
  address?: LinkedAddress,
): Promise<Live> {
  return { workers, waits: await waits.of(tasks), address, traceUrl };
}

/** Weak, because progress, and what a task waits for, may change between two transitions. */
export const jobTag = (record: JobRecord): string => `W/"${versionOf(record).revision}"`;

/** Sets `ETag`, and for an open job `Retry-After`, the time after which another read is worthwhile. */
export function jobHeaders(reply: FastifyReply, record: JobRecord, now: number, { waits }: Live): FastifyReply {
  reply.header('etag', jobTag(record)).header('cache-control', 'private, no-cache');
  const open = taskVersions(record).filter(({ state }) => isOpen(state));
  if (open.length === 0) return reply;
  const seconds = open.map((task) => secondsUntilNews(task, now, waits));
  return reply.header('retry-after', String(Math.min(30, Math.max(1, Math.min(...seconds)))));
}

function secondsUntilNews(task: TaskVersion, now: number, waits: Waits): number {
  const { state } = task;
  if (state.state === 'needs_review') return 30;
  const secondsTo = (moment: number): number => Math.ceil((moment - now) / 1_000);
  if (state.state === 'waiting') return state.retryAt === null ? 2 : secondsTo(state.retryAt);
  const until = state.state === 'queued' ? waits(task)?.until : null;
  return until === undefined || until === null ? 2 : Math.max(2, secondsTo(until));
}

/** Whether `If-None-Match` names this tag; compared weakly, as RFC 9110 requires. */
export function isNamed(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  const bare = (text: string): string => text.trim().replace(/^W\//, '');
  return header.split(',').some((each) => each.trim() === '*' || bare(each) === bare(tag));
}

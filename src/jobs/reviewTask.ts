// A reviewer's word on a result: approve it, reject it, or ask for another run with an instruction.

import { z } from 'zod';
import { GenwardenError, taskError } from '../job/errors/index.ts';
import type { JobId } from '../job/ids.ts';
import type { NeedsReview, TaskInput, TaskRequest, TaskWrite } from '../job/task.ts';
import { approved, newRun, rejected } from '../job/transitions.ts';
import type { DetailedEntry, JobRecord, TaskRecord } from '../ports/jobLog.ts';
import type { ApiContext } from '../api/options.ts';
import { invalidRequest } from '../api/problem.ts';
import { changeTask } from './changeTasks.ts';
import { findTask } from './findTask.ts';
import { readJob } from './readJob.ts';
import { refuseTooLate } from './retryJob.ts';

const sentence = z.string().max(4_000, 'is longer than 4000 characters');

export const reviewBody = z
  .strictObject({
    run: z.int().min(1).describe('The run that was looked at.'),
    decision: z.enum(['approve', 'reject', 'tweak']),
    instruction: sentence.optional().describe('What to change; with tweak.'),
    note: sentence.optional().describe('For the record.'),
  })
  .refine(({ decision, instruction }) => decision !== 'tweak' || (instruction ?? '').trim() !== '', {
    path: ['instruction'],
    message: 'is missing: a tweak says what to change',
  })
  .refine(({ decision, instruction }) => decision === 'tweak' || instruction === undefined, {
    path: ['instruction'],
    message: 'is taken with the decision tweak alone',
  });

export type Review = z.infer<typeof reviewBody>;

export interface ReviewRequest {
  readonly tenant: string;
  readonly job: JobId;
  /** Index or name. */
  readonly task: string;
  readonly by: string;
  readonly review: Review;
}

/** The job after the review; throws `TaskNotFound`, `NotInReview` or `JobExpiresTooSoon`. */
export async function reviewTask(context: ApiContext, request: ReviewRequest): Promise<JobRecord> {
  const record = await readJob(context, request.tenant, request.job);
  const reviewed = findTask(record, request.task);
  const change = await changeTask(context, reviewed, (last, task) => decide(last, task, request, context.clock.now()));
  return { job: record.job, tasks: record.tasks.map((task) => (task === reviewed ? change.task : task)) };
}

function decide({ state, detail }: DetailedEntry, task: TaskRecord, request: ReviewRequest, now: number): TaskWrite {
  const { review } = request;
  if (state.state !== 'needs_review' || state.run !== review.run) {
    const { state: is, run } = state;
    throw new GenwardenError(
      'NotInReview',
      `Task ${request.task} is ${is} in run ${run}, not in review of run ${review.run}`,
    );
  }
  const note = review.note === undefined ? '' : `: ${review.note}`;
  switch (review.decision) {
    case 'approve':
      return { state: approved(state, now), detail: { ...detail, message: `Approved by ${request.by}${note}` } };
    case 'reject': {
      const message = `Rejected by ${request.by}${note}`;
      return {
        state: rejected(state, now),
        detail: { ...detail, message, error: taskError('RejectedInReview', message) },
      };
    }
    case 'tweak':
      return tweak(state, task, request, note, now);
    default:
      return review.decision satisfies never;
  }
}

function tweak(
  state: NeedsReview,
  task: TaskRecord,
  { review, by }: ReviewRequest,
  note: string,
  now: number,
): TaskWrite {
  const next = newRun(state, 'Tweaked', now);
  refuseTooLate(next, now);
  const message = `Run ${next.run}: a tweak asked for by ${by}${note}`;
  return { state: next, detail: { message, request: tweakedRequest(task, review.instruction!) } };
}

/** Marks the reference that a tweak adds, so that the next tweak replaces it. */
const earlierResult = 'the earlier result';

/** The same request with the instruction, and the earlier image as the last reference. */
function tweakedRequest({ last, request }: TaskRecord, instruction: string): TaskRequest {
  const image = last.detail.artifacts?.find(
    ({ name, mediaType }) => name === 'image' && mediaType.startsWith('image/'),
  );
  if (image === undefined)
    return { ...request, input: { ...request.input, prompt: textPrompt(request, last, instruction) } };
  const kept = (request.input.references ?? []).filter(({ caption }) => caption !== earlierResult);
  if (kept.length >= 14) {
    const message = 'cannot be tweaked: its 14 references leave no place for the earlier image';
    throw invalidRequest([{ path: 'task', message }]);
  }
  const earlier = { artifact: image.digest, mediaType: image.mediaType, caption: earlierResult };
  const prompt = `${request.input.prompt}\n\nThe last image is ${earlierResult}. Change it: ${instruction}`;
  const input: TaskInput = { ...request.input, prompt, references: [...kept, earlier] };
  return { ...request, input };
}

function textPrompt({ input }: TaskRequest, { detail }: DetailedEntry, instruction: string): string {
  const earlier = typeof detail.output === 'string' ? detail.output : JSON.stringify(detail.output ?? null);
  return `${input.prompt}\n\nThis is ${earlierResult}:\n${earlier}\n\nChange it: ${instruction}`;
}

// The decisions of requests, apart from reading and writing: what each writes over a task's last message, or why not.
import { describe, expect, test } from 'vitest';
import { cancelTask, hasCancelled } from '../../../src/job/requests/cancel.ts';
import type { Decision } from '../../../src/job/requests/decision.ts';
import { deleteFinishedTask, deleteTask } from '../../../src/job/requests/delete.ts';
import { failStuckTask } from '../../../src/job/requests/failStuck.ts';
import { retryTask, tasksToRetry } from '../../../src/job/requests/retry.ts';
import { reviewTask, type Review } from '../../../src/job/requests/review.ts';
import type { GenwardenError } from '../../../src/job/errors/index.ts';
import type { TaskDetail, TaskState, TaskWrite } from '../../../src/job/task.ts';
import { cancelled, claimed, deleted, failed, succeeded, toReview } from '../../../src/job/transitions.ts';
import { aRequest, queuedTask, start } from '../../fakes/tasks.ts';

const queued = queuedTask();
const running = claimed(queued, 'worker-1', 1, start);
const inReview = toReview(running, start + 1_000);
const done = succeeded(running, start + 1_000);
const lost = failed(queued, 'QueueTimeout', start + 1_000);
const tombstone = deleted(done, start + 2_000);
const now = start + 5_000;

const last = (state: TaskState, detail: Partial<TaskDetail> = {}) => ({ state, detail: { message: '', ...detail } });

function written(decision: Decision): TaskWrite {
  if (decision.do !== 'write') throw new Error(`it decided ${decision.do}`);
  return decision.write;
}

function refusal(decision: Decision): GenwardenError {
  if (decision.do !== 'refuse') throw new Error(`it decided ${decision.do}`);
  return decision.error;
}

describe('cancel', () => {
  test('ends every open task and keeps its results', () => {
    const usage = { inputTokens: 1, outputTokens: 2, durationMs: 3 };
    const flags = [{ source: 'check', reason: 'It is red' }] as const;
    for (const state of [queued, running, inReview]) {
      const { state: next, detail } = written(
        cancelTask(last(state, { usage, flags }), { by: 'ann', running: 'stop' }, now),
      );
      expect(next).toMatchObject({ state: 'cancelled', finishedAt: now });
      expect(detail).toEqual({ message: 'Cancelled by ann', usage, flags });
    }
  });

  test('leaves a running task on request, and a finished one always', () => {
    expect(cancelTask(last(running), { by: 'ann', running: 'finish' }, now).do).toBe('nothing');
    expect(cancelTask(last(queued), { by: 'ann', running: 'finish' }, now).do).toBe('write');
    for (const state of [done, lost, tombstone])
      expect(cancelTask(last(state), { by: 'ann', running: 'stop' }, now).do).toBe('nothing');
  });

  test('had an effect where a task is cancelled or still open', () => {
    expect(hasCancelled([done, cancelled(queued, now)])).toBe(true);
    expect(hasCancelled([done, running])).toBe(true);
    expect(hasCancelled([done, lost])).toBe(false);
  });
});

describe('retry', () => {
  test('starts the next run of a failed or cancelled task, with the same request', () => {
    for (const state of [lost, cancelled(queued, now)]) {
      const { state: next, detail } = written(retryTask(state, aRequest, 'ann', now));
      expect(next).toMatchObject({ state: 'queued', run: 2, attempt: 0, reason: 'Retried' });
      expect(detail).toEqual({ message: 'Run 2, requested by ann', request: aRequest });
    }
    expect(retryTask(done, aRequest, 'ann', now).do).toBe('nothing');
  });

  test('is refused where a new run has no time left', () => {
    const soon = { ...lost, of: { ...lost.of, expiresAt: now + 1_000 } };
    expect(refusal(retryTask(soon, aRequest, 'ann', now))).toMatchObject({ code: 'JobExpiresTooSoon' });
    const past = { ...lost, of: { ...lost.of, deadline: now } };
    expect(refusal(retryTask(past, aRequest, 'ann', now)).message).toContain("The job's deadline passed at");
  });

  test('chooses the failed and cancelled tasks of a finished job, among those named', () => {
    const other = { ...done, of: { ...done.of, task: 1 } };
    expect(tasksToRetry([lost, other], undefined, now)).toEqual(new Map([[0, { due: undefined, level: 0 }]]));
    expect(tasksToRetry([lost, other], [other], now)).toMatchObject({
      code: 'NothingToRetry',
      message: expect.stringContaining('among those named'),
    });
    expect(tasksToRetry([lost, running], undefined, now)).toMatchObject({ code: 'JobNotFinished' });
  });
});

describe('review', () => {
  const review = (over: Partial<Review>): Review => ({ run: 1, decision: 'approve', ...over });
  const image = { name: 'image', mediaType: 'image/png', bytes: 1, digest: 'sha256:1' };

  test('approves and rejects, with the note', () => {
    const approved = written(reviewTask(last(inReview), aRequest, review({ note: 'good' }), 'ann', now));
    expect(approved).toMatchObject({ state: { state: 'succeeded' }, detail: { message: 'Approved by ann: good' } });
    const rejected = written(reviewTask(last(inReview), aRequest, review({ decision: 'reject' }), 'ann', now));
    expect(rejected).toMatchObject({ state: { state: 'failed' }, detail: { error: { code: 'RejectedInReview' } } });
  });

  test('is refused for another run and for a task that is not in review', () => {
    for (const [state, run] of [
      [inReview, 2],
      [running, 1],
    ] as const) {
      const decision = reviewTask(last(state), aRequest, review({ run }), 'ann', now);
      expect(refusal(decision)).toMatchObject({ code: 'NotInReview' });
    }
  });

  test('a tweak adds the earlier image once, and is refused where there is no room for it', () => {
    const tweak = review({ decision: 'tweak', instruction: 'bluer' });
    const detail = { artifacts: [image] };
    const first = written(reviewTask(last(inReview, detail), aRequest, tweak, 'ann', now)).detail.request!;
    expect(first.input.references).toEqual([
      { artifact: 'sha256:1', mediaType: 'image/png', bytes: 1, caption: 'the earlier result' },
    ]);
    const second = written(reviewTask(last(inReview, detail), first, tweak, 'ann', now)).detail.request!;
    expect(second.input.references).toHaveLength(1);
    const references = Array.from({ length: 14 }, () => ({ artifact: 'sha256:2', mediaType: 'image/png' }));
    const full = { ...aRequest, input: { ...aRequest.input, references } };
    expect(refusal(reviewTask(last(inReview, detail), full, tweak, 'ann', now))).toMatchObject({
      code: 'InvalidRequest',
    });
  });

  test('a tweak of an image by a model without references is refused', () => {
    const detail = { artifacts: [image], used: { pool: 'default', provider: 'openai', model: 'dall-e-3' } };
    const tweak = review({ decision: 'tweak', instruction: 'bluer' });
    const message = expect.stringMatching(/dall-e-3 accepts no references/);
    expect(refusal(reviewTask(last(inReview, detail), aRequest, tweak, 'ann', now))).toMatchObject({ message });
  });

  test.each([
    [7_000_001, 0, /the earlier image has 7000001 bytes, more than the 7 MB that gemini-3-pro-image accepts/],
    [5_000_001, 10, /have 74000001 bytes together, more than the 74 MB that gemini-3-pro-image accepts/],
  ])('a tweak of an image of %i bytes beside %i references is refused', (bytes, count, message) => {
    const used = { pool: 'default', provider: 'gemini', model: 'gemini-3-pro-image' };
    const kept = { artifact: 'sha256:2', mediaType: 'image/png', bytes: 6_900_000 };
    const references = Array.from({ length: count }, () => kept);
    const request = { ...aRequest, input: { ...aRequest.input, references } };
    const tweaked = (size: number) => {
      const detail = { artifacts: [{ ...image, bytes: size }], used };
      return reviewTask(
        last(inReview, detail),
        request,
        review({ decision: 'tweak', instruction: 'bluer' }),
        'ann',
        now,
      );
    };
    expect(refusal(tweaked(bytes))).toMatchObject({ code: 'InvalidRequest', message: expect.stringMatching(message) });
    expect(written(tweaked(bytes - 1)).detail.request!.input.references).toHaveLength(count + 1);
  });
});

test('delete writes a tombstone on a finished task only; afterwards it cancels an open task first', () => {
  expect(written(deleteFinishedTask(done, now)).state.state).toBe('deleted');
  expect(refusal(deleteFinishedTask(running, now))).toMatchObject({ code: 'JobNotFinished' });
  expect(written(deleteTask(running, now)).state.state).toBe('cancelled');
  expect(deleteTask(tombstone, now).do).toBe('nothing');
});

test('failing a stuck task leaves one that has moved or finished', () => {
  const { state, detail } = written(failStuckTask({ state: running, sequence: 7 }, 7, 'ann', now));
  expect(state).toMatchObject({ state: 'failed', reason: 'FailedByOperator', worker: 'worker-1' });
  expect(detail.message).toBe('Failed by ann while it was running (Claimed)');
  expect(failStuckTask({ state: running, sequence: 8 }, 7, 'ann', now).do).toBe('nothing');
  expect(failStuckTask({ state: done, sequence: 7 }, 7, 'ann', now).do).toBe('nothing');
});

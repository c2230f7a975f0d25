// A job whose results wait for a review: the condition, what it tells people to run, and its event.
import { describe, expect, test } from 'vitest';
import { approved, toReview, type ReviewReason } from '../../../../src/job/transitions.ts';
import type { TaskState } from '../../../../src/job/task.ts';
import { nextStatus } from '../../../../src/operator/generationJob/decide/status.ts';
import { statusEvents } from '../../../../src/operator/generationJob/decide/statusEvents.ts';
import { needsMessages, summarizeJob, type ObservedTask } from '../../../../src/operator/generationJob/jobSummary.ts';
import { conditionOf, type GenerationJobStatus } from '../../../../src/operator/resources/generationJob.ts';
import { identity, runningTask, start } from '../../../fakes/tasks.ts';

const of = identity({ tenant: 'shop', total: 2 });
const inReview = (task: number, reason: ReviewReason) => toReview(runningTask({ ...of, task }), start, reason);
const flagged = {
  state: inReview(1, 'Flagged'),
  message: 'Flagged by the check: The border is red. Completed in 6.0 s',
};

function statusOf(tasks: readonly ObservedTask[], before?: GenerationJobStatus): GenerationJobStatus {
  const resource = {
    apiVersion: 'genwarden.dev/v1alpha1',
    kind: 'GenerationJob',
    metadata: {
      name: 'yard',
      namespace: 'shop',
      uid: 'u1',
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: '2026-11-22T00:00:00Z',
    },
    spec: { kind: 'image', pool: 'default', priority: 'normal', suspend: false, ttlSecondsAfterFinished: 86_400 },
    ...(before === undefined ? {} : { status: before }),
  } as const;
  return nextStatus(resource, { kind: 'job', summary: summarizeJob(tasks) }, start);
}

describe('the condition NeedsReview', () => {
  test('says how to decide about the flagged result first, and why it was flagged', () => {
    const before = statusOf([{ state: runningTask(of) }]);
    expect(conditionOf(before, 'NeedsReview')).toBeUndefined();
    const status = statusOf([{ state: inReview(0, 'AwaitingReview') }, flagged], before);
    const message =
      `Decide with \`kubectl genwarden review ${of.job} approve --task 1 --run 1 -n shop\` (or reject, or tweak) until ` +
      '2026-11-23T00:00:00.000Z; 2 results wait for a review. Flagged by the check: The border is red. Completed in 6.0 s';
    expect(conditionOf(status, 'NeedsReview')).toMatchObject({ status: 'True', reason: 'Flagged', message });
    expect(status).toMatchObject({ state: 'needs_review', reason: 'AwaitingReview', message });
    expect(statusEvents(before, status)).toMatchObject([{ reason: 'NeedsReview', type: 'Normal', note: message }]);
    expect(statusEvents(status, status)).toEqual([]);
  });

  test('holds while other tasks run, and not any more once the results are decided', () => {
    const running: TaskState = runningTask({ ...of, task: 1 });
    const before = statusOf([{ state: inReview(0, 'AwaitingReview') }, { state: running }]);
    expect(conditionOf(before, 'NeedsReview')).toMatchObject({ status: 'True', reason: 'AwaitingReview' });
    const after = statusOf([{ state: approved(inReview(0, 'AwaitingReview'), start) }, { state: running }], before);
    expect(conditionOf(after, 'NeedsReview')).toMatchObject({ status: 'False', reason: 'Reviewed' });
  });

  test('needs the messages of the tasks', () => {
    expect(needsMessages('needs_review')).toBe(true);
    expect(needsMessages('running')).toBe(false);
  });
});

// How the controller moves tasks that wait for others: at once when those end, also after a takeover and when the index does not
// have them.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TaskIdentity, TaskState } from '../../../src/job/task.ts';
import { isHeld } from '../../../src/job/task.ts';
import {
  approved,
  cancelled,
  claimed,
  failed,
  newHeldRun,
  newRun,
  rejected,
  submitted,
  submittedHeld,
  succeeded,
  toReview,
} from '../../../src/job/transitions.ts';
import { aRequest, start } from '../../fakes/tasks.ts';
import { policy, Stage, taskOf } from './stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.close());

const total = 3;
const board = taskOf({ task: 0, total, name: 'storyboard' });
const front: TaskIdentity = { ...taskOf({ task: 1, total }), after: [0] };
const collage: TaskIdentity = { ...taskOf({ task: 2, total }), after: [0, 1] };
const request = { ...aRequest, after: ['storyboard'] };

const hold = (of: TaskIdentity, dueAt: number) => {
  const state = submittedHeld(of, dueAt);
  stage.log.append(state, { message: 'Waits', request });
  return state;
};
const last = (task: number): TaskState => stage.log.lastOf(task);
const running = (of = board) => {
  stage.log.append(submitted(of));
  const claim = claimed(submitted(of), 'worker-1', 1, start);
  stage.log.append(claim);
  return claim;
};
const settled = () => stage.clock.advance(0);

describe('a task that waits for others', () => {
  test('is queued the moment they have succeeded, with its request, and no sooner', async () => {
    const { lines } = await stage.startController();
    const claim = running();
    hold(front, start + 180_000);
    hold(collage, start + 360_000);
    await stage.clock.advance(20_000);
    expect(isHeld(last(1))).toBe(true);
    stage.log.append(succeeded(claim, start + 20_000));
    await settled();
    expect(last(1)).toMatchObject({
      state: 'queued',
      lane: 'normal',
      reason: 'DependenciesMet',
      since: start + 20_000,
    });
    expect(isHeld(last(2))).toBe(true);
    const released = stage.log.entries.at(-1)!;
    expect(released.detail).toMatchObject({ request, message: 'Queued: task 0 (storyboard) has succeeded' });
    expect(lines).toContainEqual(
      expect.objectContaining({ event: 'task_requeued', reason: 'DependenciesMet', task: 1 }),
    );
  });

  test('fails the moment one of them fails, and so do those that wait for it', async () => {
    await stage.startController();
    const claim = running();
    hold(front, start + 180_000);
    hold(collage, start + 360_000);
    stage.log.append(failed(claim, 'PromptRefused', start));
    await settled();
    expect([last(1), last(2)]).toMatchObject([
      { state: 'failed', reason: 'DependencyFailed' },
      { state: 'failed', reason: 'DependencyFailed' },
    ]);
    const messages = stage.log.entries.slice(-2).map(({ detail }) => detail.message);
    expect(messages[0]).toBe('It waits for task 0 (storyboard), which failed with PromptRefused');
  });

  test('waits while one of them is in review; then the decision decides', async () => {
    await stage.startController();
    const review = toReview(running(), start);
    stage.log.append(review);
    hold(front, start + 210_000);
    await stage.clock.advance(10_000);
    expect(isHeld(last(1))).toBe(true);
    stage.log.append(approved(review, start + 10_000));
    await settled();
    expect(last(1)).toMatchObject({ state: 'queued', reason: 'DependenciesMet' });
  });

  test('fails if the reviewer rejects it', async () => {
    await stage.startController();
    const review = toReview(running(), start);
    stage.log.append(review);
    hold(front, start + 210_000);
    stage.log.append(rejected(review, start));
    await settled();
    expect(stage.log.entries.at(-1)!.detail.message).toBe(
      'It waits for task 0 (storyboard), which failed with RejectedInReview',
    );
  });

  test('a tweak gives it more time, by one write that keeps its request', async () => {
    await stage.startController();
    const review = toReview(running(), start);
    stage.log.append(review);
    hold(front, start + 25_000);
    await stage.clock.advance(20_000);
    const tweaked = newRun(review, 'Tweaked', start + 20_000);
    stage.log.append(tweaked);
    await stage.clock.advance(5_999);
    expect(last(1)).toMatchObject({ dueAt: start + 25_000 });
    await stage.clock.advance(1);
    expect(last(1)).toMatchObject({ state: 'waiting', retryAt: null, dueAt: start + 20_000 + 180_000 });
    expect(stage.log.entries.at(-1)!.detail.request).toEqual(request);
    const entries = stage.log.entries.length;
    await stage.clock.advance(20_000);
    expect(stage.log.entries).toHaveLength(entries);
  });

  test('a controller that takes over moves what has become ready meanwhile', async () => {
    const { follower, lead } = await stage.startController('controller-1', false);
    const claim = running();
    hold(front, start + 180_000);
    stage.log.append(succeeded(claim, start));
    await settled();
    expect(follower.index.task(board.job, 1)).toBeDefined();
    expect(isHeld(last(1))).toBe(true);
    await lead(true);
    await settled();
    expect(last(1)).toMatchObject({ state: 'queued', reason: 'DependenciesMet' });
  });

  test('two controllers that both lead release it once', async () => {
    await stage.startController('controller-1');
    await stage.startController('controller-2');
    const claim = running();
    hold(front, start + 180_000);
    stage.log.append(succeeded(claim, start));
    await settled();
    const specs = stage.log.entries.filter(({ state }) => state.of.task === 1 && state.state === 'queued');
    expect(specs).toHaveLength(1);
  });

  test('what the index does not have is read from the stream', async () => {
    stage = new Stage(0);
    const claim = running();
    stage.log.append(succeeded(claim, start));
    hold(front, start + 180_000);
    hold(collage, start + 360_000);
    const { sequence } = stage.log.entries.find(({ state }) => state.of.task === 1)!;
    await stage.log.saveWatermark({ epoch: stage.log.stream.epoch, sequence, stragglers: [] });
    const { follower } = await stage.startController();
    await settled();
    expect(last(1)).toMatchObject({ state: 'queued', reason: 'DependenciesMet' });
    expect(follower.index.task(board.job, 0)?.state.state).toBe('succeeded');
  });

  test('a retry of all starts again, however old the failures in the index are', async () => {
    await stage.startController();
    const claim = running();
    const held = hold(front, start + 180_000);
    stage.log.append(failed(claim, 'PromptRefused', start));
    await settled();
    const lost = last(1);
    expect(lost).toMatchObject({ state: 'failed', run: held.run });
    stage.log.append(newRun(failed(claim, 'PromptRefused', start), 'Retried', start));
    stage.log.append(newHeldRun(failed(held, 'DependencyFailed', start), start + 180_000, start), {
      message: '',
      request,
    });
    await stage.clock.advance(5_000);
    expect(last(1)).toMatchObject({ state: 'waiting', run: 2 });
  });

  test('a cancelled one fails it, unless it was cancelled itself', async () => {
    await stage.startController();
    const queued = submitted(board);
    stage.log.append(queued);
    const held = hold(front, start + 180_000);
    stage.log.append(cancelled(held, start));
    stage.log.append(cancelled(queued, start));
    await settled();
    expect(last(1).state).toBe('cancelled');
  });

  test('ends a second after its time if what it waits for does not', async () => {
    await stage.startController();
    const patient = taskOf({ task: 0, total, policy: { ...policy, queueTimeout: 600_000 } });
    stage.log.append(submitted(patient));
    // Written by a bug: the other has more time.
    hold({ ...front, expiresAt: start + 200_000 }, start + 30_000);
    await stage.clock.advance(30_999);
    expect(last(1).state).toBe('waiting');
    await stage.clock.advance(1);
    expect(last(1)).toMatchObject({ state: 'failed', reason: 'DependencyTimeout' });
  });
});

import { monotonicFrom } from '../../../src/job/time.ts';
import { describe, expect, it } from 'vitest';
import { JobIndex } from '../../../src/readmodel/jobIndex.ts';
import {
  cancelled,
  claimed,
  deleted,
  failed,
  fellBack,
  newRun,
  submitted,
  succeeded,
} from '../../../src/job/transitions.ts';
import { anEntry, freshJobId, queuedTask, start } from '../../fakes/tasks.ts';

const now = monotonicFrom(0);

const jobsOf = (index: JobIndex): string[] => [...index.newestFirst()].map(({ job }) => job);

describe('JobIndex', () => {
  it('applies newer messages of a task and ignores older ones', () => {
    const index = new JobIndex();
    const queued = queuedTask();
    const running = claimed(queued, 'w1', 1, start + 10);
    expect(index.apply(anEntry(5, running), now)?.before).toBeUndefined();
    expect(index.apply(anEntry(4, queued), now)).toBeUndefined();
    expect(index.task(queued.of.job, 0)?.state.state).toBe('running');
    expect(index.apply(anEntry(5, running), now)).toBeUndefined();
  });

  it('counts tasks by pool and state through their life and a retry', () => {
    const index = new JobIndex();
    const queued = queuedTask();
    const running = claimed(queued, 'w1', 1, start + 10);
    const lost = failed(running, 'WorkerLost', start + 20);
    const again = newRun(lost, 'Retried', start + 30);
    const seen = [queued, running, lost, again].map((state, at) => {
      index.apply(anEntry(at + 1, state), now);
      const { queued: waiting, running: active, failed: over } = index.counts().get('default')!;
      return [waiting, active, over, index.size.openTasks];
    });
    expect(seen).toEqual([
      [1, 0, 0, 1],
      [0, 1, 0, 1],
      [0, 0, 1, 0],
      [1, 0, 0, 1],
    ]);
    expect([...index.openTasks()].map(({ sequence }) => sequence)).toEqual([4]);
  });

  it('counts the queued tasks of the pool that serves them by lane and model', () => {
    const index = new JobIndex();
    const one = queuedTask({ priority: 'high' });
    const { of } = queuedTask();
    const two = submitted({ ...of, policy: { ...of.policy, fallback: [{ pool: 'spare', model: 'other' }] } });
    index.apply(anEntry(1, one), now);
    index.apply(anEntry(2, two), now);
    expect(index.queued('default').lanes).toEqual({ again: 0, high: 1, normal: 1, low: 0, guest: 0 });
    expect([...index.queued('default').models]).toEqual([[one.of.model, 2]]);
    index.apply(anEntry(3, claimed(one, 'w1', 1, start + 10)), now);
    index.apply(anEntry(4, fellBack(claimed(two, 'w1', 1, start + 10), 1, start + 20)), now);
    expect(index.queued('default').lanes).toMatchObject({ high: 0, normal: 0 });
    expect(index.queued('default').models.size).toBe(0);
    expect(index.queued('spare').lanes).toMatchObject({ guest: 1 });
    expect([...index.queued('spare').models]).toEqual([['other', 1]]);
    index.clear();
    expect(index.queued('spare').lanes).toMatchObject({ guest: 0 });
  });

  it('lists jobs newest first, whatever order it received them in, and continues after a position', () => {
    const index = new JobIndex();
    const [a, b, c] = [2, 0, 1].map((second) => queuedTask({ submittedAt: start + second * 1000 }));
    [a!, b!, c!].forEach((task, at) => index.apply(anEntry(at + 1, task), now));
    expect(jobsOf(index)).toEqual([a!.of.job, c!.of.job, b!.of.job]);
    const below = { submittedAt: c!.of.submittedAt, job: c!.of.job };
    expect([...index.newestFirst(below)].map(({ job }) => job)).toEqual([b!.of.job]);
  });

  it('reports whether it has every task of a job', () => {
    const index = new JobIndex();
    const job = freshJobId();
    index.apply(anEntry(2, queuedTask({ job, task: 1, total: 2 })), now);
    expect(index.job(job)).toMatchObject({ complete: false, openTasks: 1 });
    index.apply(anEntry(1, queuedTask({ job, task: 0, total: 2 })), now);
    expect(index.job(job)).toMatchObject({ complete: true, openTasks: 2 });
  });

  it('evicts the job that finished first, keeps open ones, and reports how far back it is complete', () => {
    const index = new JobIndex({ maxFinished: 2 });
    const tasks = [0, 1, 2, 3].map((second) => queuedTask({ submittedAt: start + second }));
    tasks.forEach((task, at) => index.apply(anEntry(at + 1, task), now));
    expect(index.completeSince).toBeNull();
    [2, 0, 3].forEach((at, turn) => index.apply(anEntry(10 + turn, cancelled(tasks[at]!, start + 100)), now));
    expect(jobsOf(index)).toEqual([3, 1, 0].map((at) => tasks[at]!.of.job));
    expect(index.completeSince).toBe(tasks[2]!.of.submittedAt);
  });

  it('drops a job at its tombstone and at the end of its retention', () => {
    const index = new JobIndex();
    const ended = cancelled(queuedTask(), start + 1);
    index.apply(anEntry(1, ended), now);
    index.apply(anEntry(2, deleted(ended, start + 2)), now);
    expect(index.job(ended.of.job)).toBeUndefined();
    const old = queuedTask();
    index.apply(anEntry(3, old), now);
    index.forgetExpired(old.of.expiresAt - 1);
    expect(index.size).toEqual({ jobs: 1, openTasks: 1 });
    index.forgetExpired(old.of.expiresAt);
    expect(index.size).toEqual({ jobs: 0, openTasks: 0 });
    expect(index.counts().get('default')).toMatchObject({ queued: 0, cancelled: 0 });
  });

  it('keeps a task that was retried while its job was deleted', () => {
    const index = new JobIndex();
    const job = freshJobId();
    const ended = [0, 1].map((task) => cancelled(queuedTask({ job, task, total: 2 }), start + 1));
    ended.forEach((state, at) => index.apply(anEntry(at + 1, state), now));
    const again = newRun(ended[1]!, 'Retried', start + 2);
    index.apply(anEntry(3, again), now);
    index.apply(anEntry(4, deleted(ended[0]!, start + 3)), now);
    expect([...index.openTasks()].map(({ sequence }) => sequence)).toEqual([3]);
    index.apply(anEntry(5, cancelled(again, start + 4)), now);
    expect(index.size).toEqual({ jobs: 0, openTasks: 0 });
  });

  it('shares the initial budgets of tasks, and only equal ones', () => {
    const index = new JobIndex();
    const [one, other] = [queuedTask(), queuedTask()];
    const third = { ...queuedTask(), budgets: { ...one.budgets, run: 1 } };
    [one, other, third].forEach((state, at) => index.apply(anEntry(at + 1, structuredClone(state)), now));
    const budgetsOf = ({ of }: typeof one) => index.task(of.job, 0)!.state.budgets;
    expect(budgetsOf(other)).toBe(budgetsOf(one));
    expect(budgetsOf(other)).toEqual(other.budgets);
    expect(budgetsOf(third)).toEqual(third.budgets);
  });

  it('shares one identity over all states of a task', () => {
    const index = new JobIndex();
    const queued = queuedTask();
    index.apply(anEntry(1, queued), now);
    const first = index.task(queued.of.job, 0)!.state.of;
    const copy = structuredClone(succeeded(claimed(queued, 'w', 1, start), start));
    index.apply(anEntry(2, copy), now);
    expect(index.task(queued.of.job, 0)!.state.of).toBe(first);
  });
});

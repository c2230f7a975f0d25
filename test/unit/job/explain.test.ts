// Explanations: one for each reason why a task can be in its state.

import { describe, expect, test } from 'vitest';
import { taskError, type TaskErrorCode } from '../../../src/job/errors/index.ts';
import { cancelled, deleted, failed, requeued, succeeded, toReview, waiting } from '../../../src/job/transitions.ts';
import { queuedTask, start } from '../../fakes/tasks.ts';
import { blockOf } from '../../fakes/blocks.ts';
import { explained, key, noCall, outage, queued, running } from './observations.ts';

const { job } = queued.of;

describe('a queued task', () => {
  test('that is next is about to start, and nothing needs doing', () => {
    expect(explained(queued, 1_000)).toEqual({
      cause: 'AboutToStart',
      summary: 'It is next and should start in a moment',
      details: [],
      advice: [],
      next: [
        {
          at: start + 86_400_000,
          rule: 'QueueTimeout',
          says: 'Unless it changes first, it fails with QueueTimeout in 1 day (2026-11-23T00:00:00Z)',
        },
      ],
      budgetsLeft: { ...queued.budgets, queue: 86_399_000 },
    });
  });

  test('without workers says how to start one', () => {
    const { cause, summary, advice } = explained(queued, 60_000, {}, { workers: 0, slots: { total: 0, free: 0 } });
    expect({ cause, summary }).toEqual({ cause: 'NoWorkers', summary: 'No worker serves pool default' });
    expect(advice[0]).toContain('genwarden worker --pool default');
  });

  test('whose pool was deleted says so, unless a worker of it is left', () => {
    const empty = { workers: 0, slots: { total: 0, free: 0 }, removed: true };
    const { cause, summary } = explained(queued, 60_000, {}, empty);
    expect({ cause, summary }).toMatchObject({ cause: 'PoolRemoved', summary: expect.stringContaining('deleted') });
    expect(explained(queued, 60_000, {}, { removed: true }).cause).not.toBe('PoolRemoved');
  });

  test('whose only worker shuts down has no worker either', () => {
    const { cause, summary } = explained(queued, 60_000, {}, { draining: 1 });
    expect(cause).toBe('NoWorkers');
    expect(summary).toContain('1 worker is shutting down');
  });

  test('whose provider is out says since when, in whose words, and when the next probe is', () => {
    const out = outage({ until: start + 70_000 });
    const { cause, summary, advice, details } = explained(
      queued,
      60_000,
      { block: out },
      { slots: { total: 4, free: 0 } },
    );
    expect(cause).toBe('ProviderOutage');
    expect(summary).toBe(
      'Gemini answers 503 for gemini-3.1-flash-image since 2026-11-22T00:00:10Z: The model is overloaded; next probe 2026-11-22T00:01:10Z',
    );
    expect(details).toEqual([]);
    expect(advice[0]).toContain('workers probe the provider');
    const unreachable = outage({ provider: null, message: '', until: start + 50_000 });
    expect(explained(queued, 60_000, { block: unreachable }).summary).toBe(
      'Gemini cannot be reached for gemini-3.1-flash-image since 2026-11-22T00:00:10Z; the next probe is due',
    );
  });

  test('whose keys are all refused, cooling, at their limit, or missing, says so', () => {
    const keys = [key('refused', { fingerprint: 'k1', cause: 'KeyRefused' })];
    const refused = blockOf('KeysRefused', { message: 'The consumer has been suspended.', until: start + 90_000 });
    expect(explained(queued, 0, { block: refused }, { keys }).summary).toBe(
      'Gemini refuses every key of pool default: k1 (KeyRefused): The consumer has been suspended; next check 2026-11-22T00:01:30Z',
    );
    expect(explained(queued, 0, { block: refused }, { keys }).advice[0]).toContain('Replace the keys');
    const cooling = blockOf('KeysCooling', { until: start + 80_000 });
    expect(explained(queued, 60_000, { block: cooling }).summary).toBe(
      'Gemini has rate-limited gemini-3.1-flash-image for every key of pool default; next call 2026-11-22T00:01:20Z',
    );
    expect(explained(queued, 0, { block: blockOf('RateLimit') })).toMatchObject({
      cause: 'KeysBusy',
      summary: 'Every key of pool default is at its request limit',
    });
    expect(explained(queued, 0, { block: blockOf('NoKeys') }, { keys: [] }).summary).toBe(
      'Pool default has no API key, so its workers claim no tasks',
    );
    const { advice } = explained(queued, 0, { block: blockOf('NoKeys') }, { keys: [], provider: 'openai' });
    expect(advice[0]).toContain('Set GENWARDEN_OPENAI_API_KEYS (or keys in');
    expect(explained(queued, 0, {}, { keys: [key('refused')] }).cause).toBe('AboutToStart');
  });

  test('without quota or budget says until when, or that waiting does not help', () => {
    const exhausted = blockOf('QuotaExhausted', { until: start + 3_600_000 });
    expect(explained(queued, 0, { block: exhausted }).summary).toBe(
      'Every key of pool default has used up its quota of gemini-3.1-flash-image; next call 2026-11-22T01:00:00Z',
    );
    const none = explained(queued, 0, { block: { ...exhausted, permanent: true } });
    expect(none.summary).toBe('No key of pool default has a quota of gemini-3.1-flash-image');
    expect(none.advice[0]).toContain('Enable billing');
    const spent = blockOf('BudgetExhausted', {
      until: start + 86_400_000,
      message: "The pool's budget of 20 per day is spent (20.1)",
    });
    expect(explained(queued, 0, { block: spent })).toMatchObject({
      cause: 'BudgetExhausted',
      summary: "The pool's budget of 20 per day is spent (20.1) until 2026-11-23T00:00:00Z",
    });
  });

  test('of a paused pool says until when, and names the other obstacles after it', () => {
    const forever = explained(queued, 0, {}, { paused: { until: null }, workers: 0 });
    expect(forever.cause).toBe('PoolPaused');
    expect(forever.summary).toContain('paused until it is resumed');
    expect(forever.details).toEqual(['No worker serves pool default']);
    expect(forever.advice[0]).toContain('genwarden resume default');
    const until = explained(queued, 0, {}, { paused: { until: start + 60_000 } });
    expect(until.summary).toContain('paused for 1 min, until 2026-11-22T00:01:00Z');
  });

  test('behind others says how many are before it, by lane', () => {
    const behind = explained(queued, 0, { ahead: { again: 2, lane: 7 } }, { slots: { total: 4, free: 0 } });
    expect(behind.cause).toBe('QueuedBehind');
    expect(behind.summary).toBe(
      '7 tasks in lane normal and 2 requeued tasks are ahead of it; 4 of 4 slots of pool default are busy',
    );
    const again = requeued(running, 'WorkerLost', 'lost', start);
    expect(explained(again, 0, { ahead: { again: 1, lane: 1 } }).summary).toContain(
      '1 task in lane again is ahead of it;',
    );
  });

  test('that is next waits for a slot, and is called strange when slots are free for long', () => {
    expect(explained(queued, 60_000, {}, { slots: { total: 4, free: 0 } }).cause).toBe('WorkersBusy');
    const unexpected = explained(queued, 60_000);
    expect(unexpected.cause).toBe('NotTaken');
    expect(unexpected.summary).toContain('no worker has claimed it for 1 min');
  });

  test('whose worker was lost says so, and what comes after more losses', () => {
    const again = requeued(running, 'WorkerLost', 'lost', start + 8_000);
    const error = taskError('WorkerLost', 'Worker worker-1 sent no heartbeat for 6.2 s');
    expect(explained(again, 8_500, { error }).details).toEqual([
      'The previous attempt ended with WorkerLost: Worker worker-1 sent no heartbeat for 6.2 s (1 worker lost so far; at 3 the task fails as PoisonPill)',
    ]);
    expect(explained(again, 8_500).details[0]).toContain(
      'WorkerLost: The worker that ran the task stopped sending heartbeats',
    );
  });

  test('past its time says that no controller moved it', () => {
    const { cause, summary, details, advice } = explained(queued, 86_400_000 + 90_000, {}, { workers: 0 });
    expect(cause).toBe('Overdue');
    expect(summary).toBe('It should have changed 1 min 30 s ago, but no controller moved it');
    expect(details).toEqual(['No worker serves pool default']);
    expect(advice[0]).toContain('genwarden doctor');
  });

  test('of a job with a deadline fails with that', () => {
    const urgent = queuedTask({ deadline: start + 60_000 });
    expect(explained(urgent, 0).next).toMatchObject([{ rule: 'DeadlineExceeded', at: start + 60_000 }]);
  });
});

describe('a running task', () => {
  test('that goes well names its worker and its last heartbeat, and no estimate', () => {
    const runner = { silentFor: 400, draining: false, listsTask: true, progress: 0.459, ...noCall };
    const fine = explained(running, 20_000, { runner });
    expect(fine.cause).toBe('Running');
    expect(fine.summary).toBe('Worker worker-1 has been running it for 20 s (last heartbeat 400 ms ago)');
    expect(fine.advice).toEqual([]);
    expect(fine.next).toMatchObject([{ rule: 'AttemptTimeout', at: start + 90_000 }]);
    expect(fine.next[0]!.says).toContain('attempt 1 of 3 ends with AttemptTimeout in 1 min 10 s');
    expect(fine.budgetsLeft!.run).toBe(running.budgets.run - 20_000);
  });

  test('whose provider hangs says for how long, and when the attempt ends', () => {
    const hangs = explained(running, 80_000);
    expect(hangs.cause).toBe('ProviderSlow');
    expect(hangs.summary).toBe(
      'Worker worker-1 is alive (last heartbeat 400 ms ago) and has been waiting for the provider for 1 min 20 s',
    );
    expect(hangs.next[0]!.says).toContain('in 10 s');
    const last = { ...running, attempt: 3 };
    expect(explained(last, 80_000).next[0]!.says).toContain('fails: this is its last attempt');
  });

  test('says how long the provider has had the call and what is usual, and no percentage that it does not know', () => {
    const usual = { p50: 8_000, p95: 14_000 };
    const phase = { phase: 'provider' } as const;
    const runner = { silentFor: 0, draining: false, listsTask: true, progress: 0, phase, waited: 6_000, usual };
    expect(explained(running, 7_000, { runner }).summary).toBe(
      'Worker worker-1 has been running it for 7.0 s (last heartbeat 0 ms ago). Gemini has had the call for 6.0 s; calls of this model usually take 8.0 s (p50) to 14 s (p95) on this worker',
    );
    const hangs = explained(running, 21_000, { runner: { ...runner, waited: 20_000, silentFor: 1_000 } });
    expect(hangs.cause).toBe('ProviderSlow');
    expect(hangs.summary).toBe(
      'Gemini has had the call for 21 s; calls of this model usually take 8.0 s (p50) to 14 s (p95) on this worker. Worker worker-1 is alive (last heartbeat 1.0 s ago)',
    );
    expect(hangs.summary).not.toContain('%');
    const unusual = { ...runner, waited: 50_000, usual: { p50: 40_000, p95: 60_000 } };
    expect(explained(running, 51_000, { runner: unusual }).cause).toBe('Running');
  });

  test('whose worker reads its references or stores its result does not blame the provider', () => {
    const runner = { silentFor: 400, draining: false, listsTask: true, progress: 0, ...noCall };
    const reads = { ...runner, phase: { phase: 'references', read: 2, of: 14 } as const };
    expect(explained(running, 80_000, { runner: reads })).toMatchObject({
      cause: 'Running',
      summary:
        'Worker worker-1 has been running it for 1 min 20 s (last heartbeat 400 ms ago). The worker is reading reference 3 of 14 from the artifact store',
    });
    const stores = { ...runner, phase: { phase: 'result' } as const };
    expect(explained(running, 80_000, { runner: stores }).summary).toContain(
      'The worker is storing the result in the artifact store',
    );
  });

  test('whose worker is silent says how many losses are left', () => {
    const runner = { silentFor: 4_200, draining: false, listsTask: true, progress: 0, ...noCall };
    const silent = explained(running, 20_000, { runner });
    expect(silent.cause).toBe('WorkerSilent');
    expect(silent.summary).toBe(
      'Worker worker-1 is running it, but its last heartbeat was 4.2 s ago. After 6.0 s of silence the worker is considered lost and the task is requeued (loss 1 of at most 3)',
    );
    const third = explained({ ...running, attemptsLost: 2 }, 20_000, { runner: null });
    expect(third.summary).toMatch(/no heartbeat from it was received.*the task fails as PoisonPill/);
    expect(third.details.join()).toContain('2 workers lost so far; at 3');
  });

  test('that was just taken is not called silent before a heartbeat could be heard', () => {
    expect(explained(running, 500, { runner: null })).toMatchObject({ cause: 'Running' });
  });

  test('that its worker no longer lists is about to be requeued', () => {
    const runner = { silentFor: 400, draining: false, listsTask: false, progress: 0, ...noCall };
    expect(explained(running, 20_000, { runner }).cause).toBe('TaskNotListed');
    expect(explained(running, 1_000, { runner }).cause).toBe('Running');
  });

  test('on a worker that shuts down says so', () => {
    const runner = { silentFor: 400, draining: true, listsTask: true, progress: 0.5, ...noCall };
    expect(explained(running, 1_000, { runner }).summary).toContain('shutting down');
  });
});

test('a task waiting for its retry says when it is queued again, and why the attempt failed', () => {
  const task = waiting(running, 'ProviderUnavailable', start + 30_000, start + 10_000);
  const error = taskError('ProviderUnavailable', 'Gemini answered 503');
  const seen = explained(task, 12_000, { error });
  expect(seen.cause).toBe('WaitingForRetry');
  expect(seen.summary).toBe(
    'Attempt 1 of 3 failed with ProviderUnavailable; the next attempt is queued in 18 s (2026-11-22T00:00:30Z)',
  );
  expect(seen.details).toEqual(['The previous attempt ended with ProviderUnavailable: Gemini answered 503']);
  expect(seen.next.map(({ rule }) => rule)).toEqual(['RetryDue', 'RunTimeout']);
});

test("a retry that is due but not queued is overdue long before the run's time ends", () => {
  const task = waiting(running, 'ProviderUnavailable', start + 30_000, start + 10_000);
  expect(explained(task, 32_000).summary).toContain('the next attempt is due');
  const late = explained(task, 36_000);
  expect(late.cause).toBe('Overdue');
  expect(late.summary).toBe('It should have changed 6.0 s ago, but no controller moved it');
  expect(late.next[0]!.says).toBe('It is due to be requeued');
  expect(late.advice).toHaveLength(1);
});

test('a task in review says how to decide', () => {
  const seen = explained(toReview(running, start + 10_000), 3_610_000);
  expect(seen.cause).toBe('WaitingForReview');
  expect(seen.advice[0]).toContain(`genwarden review ${job} approve --task 0`);
  expect(seen.next).toMatchObject([{ rule: 'ReviewTimeout' }]);
});

test('finished tasks say how they ended, and failed ones what to do', () => {
  const error = taskError('PromptRefused', 'Gemini refused the prompt: SAFETY');
  const end = explained(failed(running, 'PromptRefused', start + 5_000), 10_000, { error });
  expect(end).toMatchObject({ cause: 'Failed', next: [], budgetsLeft: null, advice: [error.hint] });
  expect(end.summary).toBe(
    'It failed 5.0 s ago with PromptRefused (run 1, attempt 1 of 3): Gemini refused the prompt: SAFETY',
  );
  expect(explained(failed(running, 'QueueTimeout', start), 0).summary).toContain('No worker or API key became free');
  expect(explained(succeeded(running, start), 1_000).cause).toBe('Succeeded');
  expect(explained(cancelled(running, start), 1_000).advice[0]).toContain(`genwarden retry ${job}`);
  expect(explained(deleted(succeeded(running, start), start), 1_000).cause).toBe('Deleted');
});

test('after the last attempt the advice names the command that retries the job, instead of a retry that will not come', () => {
  const adviceFor = (code: TaskErrorCode): string =>
    explained(failed(running, code, start), 0, { error: taskError(code, 'It failed') }).advice.join();
  expect(adviceFor('ProviderUnavailable')).toBe(
    `Check the provider's status page. Then run \`genwarden retry ${job}\`.`,
  );
  expect(adviceFor('RunTimeout')).toContain(`Then run \`genwarden retry ${job}\`.`);
  expect(adviceFor('WorkerDrained')).toBe(`Run it again with \`genwarden retry ${job}\`.`);
  expect(adviceFor('QuotaUnavailable')).toContain(`Then run \`genwarden retry ${job}\`.`);
  expect(adviceFor('PromptRefused')).not.toContain('genwarden retry');
  expect(explained(failed(running, 'PromptRefused', start), 0).advice.join()).not.toContain('genwarden retry');
});

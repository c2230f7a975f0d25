// Actions on several jobs: which permit them, what the dialog says, and how they went.

import { expect, test } from 'vitest';
import { consequence, permits, runAll, summary } from '../../../src/console/pages/jobs/actions/bulk.ts';
import { listed } from './jobFixtures.ts';

const running = listed('a', 1, { state: 'running', tasks: { running: 2, queued: 3, succeeded: 1 } });
const review = listed('b', 2, { state: 'needs_review' });
const failed = listed('c', 3, { state: 'failed', tasks: { failed: 2, cancelled: 1, succeeded: 17 } });
const succeeded = listed('d', 4, { state: 'succeeded' });
const cancelled = listed('e', 5, { state: 'cancelled' });

test('each action is for the jobs that permit it', () => {
  const all = [running, review, failed, succeeded, cancelled];
  const of = (action: Parameters<typeof permits>[1]) => all.filter((job) => permits(job, action)).map(({ id }) => id);
  expect(of('cancel')).toEqual(['a', 'b']);
  expect(of('retry')).toEqual(['c']);
  expect(of('delete')).toEqual(['c', 'd', 'e']);
});

test('the dialog names what is lost', () => {
  expect(consequence('cancel', [running, review])).toBe(
    '6 open tasks of 2 jobs will be cancelled. 2 running calls are aborted, and may still be billed; 1 result in review is discarded. Finished tasks keep their results.',
  );
  expect(consequence('delete', [failed, succeeded])).toBe(
    '2 jobs will be deleted permanently, with 18 results. This cannot be undone.',
  );
  expect(consequence('delete', [cancelled])).toBe(
    'The job will be deleted permanently, with 0 results. This cannot be undone.',
  );
  expect(consequence('retry', [failed])).toBe(
    '3 failed or cancelled tasks of the job will start a new run, with new paid calls. Results that succeeded stay.',
  );
});

class Refusal extends Error {
  readonly code: string;
  constructor(code: string) {
    super(`refused: ${code}`);
    this.code = code;
  }
}

test('a failure stops nothing, and failures are counted by code', async () => {
  const seen: number[] = [];
  const ids = Array.from({ length: 20 }, (_, index) => index.toString());
  const act = async (id: string): Promise<void> => {
    await Promise.resolve();
    if (Number(id) % 5 === 0) throw new Refusal('JobNotFound');
    if (id === '7') throw new Refusal('Forbidden');
  };
  const outcome = await runAll(ids, act, {
    onProgress: (done) => seen.push(done),
    signal: new AbortController().signal,
  });
  expect(outcome).toEqual({
    asked: 20,
    done: 15,
    failures: [
      { code: 'JobNotFound', count: 4, detail: 'refused: JobNotFound' },
      { code: 'Forbidden', count: 1, detail: 'refused: Forbidden' },
    ],
  });
  expect(seen).toEqual(ids.map((_, index) => index + 1));
  expect(summary('cancel', outcome)).toBe(
    'Cancelled 15 of 20 jobs. 5 failed: JobNotFound (4), Forbidden (1). refused: JobNotFound',
  );
});

test('only a few run at the same time, and none begins after the dialog is closed', async () => {
  const stop = new AbortController();
  let [most, running_, begun] = [0, 0, 0];
  const act = async (): Promise<void> => {
    begun += 1;
    running_ += 1;
    most = Math.max(most, running_);
    await new Promise((resolve) => setImmediate(resolve));
    running_ -= 1;
    if (begun >= 8) stop.abort();
  };
  const outcome = await runAll(Array.from({ length: 100 }, String), act, {
    onProgress: () => undefined,
    signal: stop.signal,
  });
  expect(most).toBe(4);
  expect(outcome).toEqual({ asked: 100, done: begun, failures: [] });
  expect(begun).toBeLessThan(20);
  expect(summary('retry', outcome)).toBe(
    `Retried ${begun} of 100 jobs. ${100 - begun} were left alone, because you closed the dialog.`,
  );
});

test('an error without a code counts as unknown', async () => {
  const act = () => Promise.reject(new Error('odd'));
  const outcome = await runAll(['a'], act, { onProgress: () => undefined, signal: new AbortController().signal });
  expect(summary('delete', outcome)).toBe('Deleted 0 of 1 job. 1 failed: Unknown (1). odd');
});

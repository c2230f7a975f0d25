// The warnings of a submit against real processes: each obstacle is named with its numbers, a job beside it gets none, and the
// estimates are compared with what happens. In fast time.

import { expect, it } from 'vitest';
import type { Job, SubmitRequest, Warning, WarningCode } from '../../../src/client/index.ts';
import { noQuota, rateLimited, suspended } from '../../support/badProvider/answers.ts';
import { until } from '../../support/until.ts';
import { startFastWorld, type FastWorld } from '../support/badDay/world.ts';
import { addEdgeRow } from './edgeRows.ts';
import { outcomesOf } from './outcomes.ts';

const [limited, poor, healthy] = ['limited-image', 'poor-image', 'healthy-image'] as const;

interface Stage {
  readonly fast: FastWorld;
  readonly jobs: string[];
}

it('a pool without workers or paused, and keys that cool down, lack a quota or are refused', async () => {
  const models = [healthy, limited, poor];
  const fast = await startFastWorld({ speed: 2, requestsPerMinute: 6_000, keys: ['AIza-warned'], models });
  const { provider } = fast;
  fast.world.standin.behave({ kind: 'image', bytes: 'small', latencyMs: 50 });
  const { client } = fast.world;
  const stage: Stage = { fast, jobs: [] };
  const endOfAll = (): Promise<unknown> => Promise.all(stage.jobs.map((job) => client.wait(job)));

  const heard = (): Promise<true> =>
    until(async () => (await client.workers()).some(({ state }) => state === 'live'), { what: 'the heartbeat' });
  await heard();
  fast.workers[0]!.kill('SIGTERM');
  await fast.workers[0]!.exited;
  const missing = await warnedOf(stage, 'NoWorkers');
  expect(missing.message).toMatch(/^No worker serves pool default.* Otherwise the task fails with QueueTimeout in 1 h/);
  await fast.startWorker();
  await endOfAll();
  await heard();
  const unharmed = [await isUnharmed(stage)];

  await client.pausePool('default', { for: '10m' });
  const paused = await warnedOf(stage, 'PoolPaused');
  expect(paused.message).toMatch(/^Pool default is paused for (9 min \d+ s|10 min), until /);
  await client.resumePool('default');
  await endOfAll();

  provider.answer = ({ model }) =>
    model === limited ? rateLimited(model, '55s') : model === poor ? noQuota(model) : undefined;
  const cooling = await warnedOf(stage, 'KeysExhausted', { model: limited });
  expect(cooling).toMatchObject({ keys: { total: 1, cooling: 1, refused: 0, withoutQuota: 0 } });
  expect(cooling.until).toBe(cooling.keys!.coolingUntil);
  const quota = await warnedOf(stage, 'KeysExhausted', { model: poor });
  expect(quota).toMatchObject({ keys: { total: 1, cooling: 0, refused: 0, withoutQuota: 1 } });
  expect(quota.message).toContain('The task fails with QuotaUnavailable. ');
  unharmed.push(await isUnharmed(stage));

  provider.answer = () => suspended;
  const refused = await warnedOf(stage, 'KeysExhausted');
  expect(refused).toMatchObject({ keys: { total: 1, cooling: 0, refused: 1, withoutQuota: 0 } });
  for await (const { id } of client.list({ state: 'open' })) await client.cancel(id).catch(() => undefined);
  const outcomes = await outcomesOf(client, stage.jobs);
  const innocentsHarmed = unharmed.filter((one) => !one).length;
  const fault = 'no worker, a pause, keys that cool down, lack a quota or are refused: each named by a warning';
  addEdgeRow({ fault, ...outcomes, innocentsHarmed, recoveredAfterMs: undefined });
  expect({ ...outcomes, innocentsHarmed }).toMatchObject({ terminal: stage.jobs.length, lost: 0, innocentsHarmed: 0 });
});

/** Submits until the answer has the warning: the API learns of an obstacle a moment after it began. */
async function warnedOf(stage: Stage, code: WarningCode, over: Partial<SubmitRequest> = {}): Promise<Warning> {
  const found = async (): Promise<Warning | undefined> =>
    (await submit(stage, over)).find((warning) => warning.code === code);
  return until(found, { what: `the warning ${code}`, timeoutMs: 20_000, intervalMs: 200 });
}

/** A job beside the obstacle has no warning and succeeds. */
async function isUnharmed(stage: Stage): Promise<boolean> {
  const warnings = await submit(stage, {});
  const { state } = await stage.fast.world.client.wait(stage.jobs.at(-1)!);
  return warnings.length === 0 && state === 'succeeded';
}

async function submit({ fast, jobs }: Stage, over: Partial<SubmitRequest>): Promise<readonly Warning[]> {
  const policy = { queueTimeout: '1h' };
  const request: SubmitRequest = { kind: 'image', input: { prompt: 'a yard' }, policy, ...over };
  const { id, warnings } = await fast.world.client.submit(request);
  jobs.push(id);
  return warnings;
}

const speed = 20;
const requestsPerMinute = 6;
/** Fast ms. */
const pictureTakes = 20_000;

it('the estimates of a queue that its keys limit, and of one that its slots limit, are about what happens', async () => {
  const keys = Array.from({ length: 50 }, (_, at) => `AIza-many-${at}`);
  const otherPools = [{ name: 'slots', keys, models: ['slots-image'] }];
  const fast = await startFastWorld({ speed, requestsPerMinute, keys: ['AIza-few'], models: [healthy], otherPools });
  fast.world.standin.behave({ kind: 'image', bytes: 'small', latencyMs: pictureTakes / speed });
  const { client } = fast.world;
  await until(async () => (await client.workers()).length === 2, { what: 'both workers' });
  // The durations of attempts are learned from these.
  const first = [await client.submit(images('slots', 4, '1h')), await client.submit(images('default', 1, '1h'))];
  expect(first.map(({ warnings }) => warnings)).toEqual([[], []]);
  await Promise.all(first.map(({ id }) => client.wait(id)));

  const queues = [await compared(fast, 'default', 26, '3m'), await compared(fast, 'slots', 32, '100s')];
  const jobs = [...first.map(({ id }) => id), ...queues.map(({ job }) => job)];
  for (const queue of queues) process.stdout.write(`${queue.says}\n`);
  const outcomes = await outcomesOf(client, jobs);
  const fault = 'queues that are longer than their timeout: a warning tells how many tasks fail';
  addEdgeRow({ fault, ...outcomes, innocentsHarmed: 0, recoveredAfterMs: undefined });
  expect(outcomes).toMatchObject({ terminal: jobs.length, lost: 0 });
  for (const { ratios, late, failed } of queues) {
    expect(Math.max(...ratios)).toBeLessThan(3);
    expect(Math.min(...ratios)).toBeGreaterThan(1 / 3);
    expect(late).toBeGreaterThan(0);
    expect(Math.abs(late - failed)).toBeLessThanOrEqual(8);
  }
});

const images = (pool: string, tasks: number, queueTimeout: string): SubmitRequest => ({
  kind: 'image',
  pool,
  input: { prompt: `a yard of ${pool}` },
  tasks: Array.from({ length: tasks }, () => ({})),
  policy: { queueTimeout },
});

interface Compared {
  readonly job: string;
  /** Estimate by what happened, of each task that waited for a quarter of the timeout and started. */
  readonly ratios: readonly number[];
  /** Tasks that time out, as the warning says, and as it came. */
  readonly late: number;
  readonly failed: number;
  readonly says: string;
}

/** Submits more tasks than start in time, and compares the estimate of each with its start. */
async function compared(fast: FastWorld, pool: string, tasks: number, queueTimeout: string): Promise<Compared> {
  const { client } = fast.world;
  const { id: job, warnings } = await client.submit(images(pool, tasks, queueTimeout));
  const warning = warnings.find(({ code }) => code === 'QueueLongerThanTimeout');
  const estimates = (await client.explain(job)).tasks.flatMap(({ task, queue }) =>
    queue === null || queue.startsInMs === null ? [] : [[task, queue.startsInMs] as const],
  );
  const explainedAt = fast.now();
  const ended = await client.wait(job);
  const { timeoutMs = 0, late = 0 } = warning?.estimate ?? {};
  const pairs = estimates.flatMap(([task, estimate]) => {
    const { startedAt } = ended.tasks![task]!;
    const took = startedAt === null ? 0 : Date.parse(startedAt) - explainedAt;
    return took < timeoutMs / 4 ? [] : { estimate, took };
  });
  const ratios = pairs.map(({ estimate, took }) => estimate / took);
  const failed = timedOut(ended);
  const last = pairs.toSorted((a, b) => a.took - b.took).at(-1)!;
  const round = (ms: number): number => Math.round(ms / 1_000);
  const says =
    `pool ${pool}: ${warning?.message}\n  last start: estimated ${round(last.estimate)} s, was ${round(last.took)} s; ` +
    `estimate / start of ${pairs.length} tasks ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}; ` +
    `too late: estimated ${late}, were ${failed} of ${tasks}`;
  return { job, ratios, late, failed, says };
}

const timedOut = ({ tasks = [] }: Job): number => tasks.filter(({ reason }) => reason === 'QueueTimeout').length;

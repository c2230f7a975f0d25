// Tenants of one pool: a single task beside another tenant's 10,000, weights, and limits on running tasks while workers are killed.

import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createToken } from '../../../src/api/auth/createToken.ts';
import { percentiles } from '../../../bench/measure.ts';
import { mapLimit } from '../../../src/async/mapLimit.ts';
import { GenwardenClient, type SubmitRequest } from '../../../src/client/index.ts';
import type { StandinRequest } from '../../../src/standin/requestLog.ts';
import { startInstallation, type Installation } from '../../support/installation.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { until } from '../../support/until.ts';
import { addEdgeRow } from './edgeRows.ts';
import { outcomesOf } from './outcomes.ts';

const slots = 5;
const pool = {
  name: 'default',
  limits: { group: 2, tenants: { limited: 3 } },
  weights: { heavy: 3 },
};
const tenants = ['large', 'small', 'heavy', 'light', 'limited', 'grouped', 'free'] as const;
type Tenant = (typeof tenants)[number];

it("a single task starts within a round beside another tenant's 10,000, and tenants share by their weights", async () => {
  const world = await sharedPool(20, slots);
  const large = await submitTasks(world, 'large', 10_000);
  const passed: number[] = [];
  const singles: string[] = [];
  for (let at = 0; at < 20; at += 1) {
    singles.push(...(await submitTasks(world, 'small', 1)));
    const before = world.calls('large').length;
    await until(() => world.calls('small').length > at, { what: 'the single task to start', intervalMs: 1 });
    const started = world.calls('small')[at]!.at;
    passed.push(world.calls('large').filter((call) => call.at < started).length - before);
  }
  for (const job of large) await world.as('large').cancel(job);
  const ended = await endOf(world, 'small', singles);
  const heavy = await submitTasks(world, 'heavy', 500);
  const light = await submitTasks(world, 'light', 500);
  await until(() => world.calls('light').length > 60, { what: 'both tenants to be served' });
  // Until the light tenant's tasks are stored, the heavy one is alone.
  const first = world.calls('light')[0]!.at;
  const share = world.calls('heavy').filter(({ at }) => at >= first).length / world.calls('light').length;
  for (const job of heavy) await world.as('heavy').cancel(job);
  for (const job of light) await world.as('light').cancel(job);
  console.log(
    `tasks of the large tenant that started after a single task was stored and before it started: at most ${Math.max(0, ...passed)}\n` +
      `weights 3 : 1 were served as ${share.toFixed(2)} : 1`,
  );
  expect(Math.max(...passed)).toBeLessThanOrEqual(4 * slots);
  expect(share).toBeGreaterThan(2.2);
  expect(share).toBeLessThan(4);
  addEdgeRow({
    fault: '10,000 tasks of one tenant, 20 single tasks of another',
    ...(await outcomesOf(world.as('small'), singles)),
    innocentsHarmed: ended.filter((state) => state !== 'succeeded').length,
    recoveredAfterMs: undefined,
  });
});

it('limits on running tasks hold while a worker is killed, and hold up no other tenant', async () => {
  const world = await sharedPool(100, 4 * slots);
  const killed = await world.start('worker');
  const limited = await submitTasks(world, 'limited', 60);
  const grouped = await submitTasks(world, 'grouped', 30, { group: 'p42' });
  const free = await submitTasks(world, 'free', 60);
  await until(() => world.calls('limited').length > 8, { what: 'some tasks to run' });
  // For a moment after a task has ended, there is room.
  const isLimited = async (): Promise<boolean> =>
    (await world.as('limited').get(limited[0]!)).tasks!.some(
      ({ waitingFor }) =>
        waitingFor?.reason === 'TenantLimit' &&
        waitingFor.detail === 'Tenant limited runs 3 tasks in pool default, and its limit is 3',
    );
  await until(isLimited, { what: 'a task to wait for the limit', timeoutMs: 30_000 });
  killed.kill('SIGKILL');
  await world.start('worker');
  const ended = await Promise.all([
    endOf(world, 'limited', limited),
    endOf(world, 'grouped', grouped),
    endOf(world, 'free', free),
  ]);
  const most = { limited: 0, grouped: 0, free: 0 };
  for (const tenant of ['limited', 'grouped', 'free'] as const) most[tenant] = mostAtOnce(world.calls(tenant));
  const gaps = percentiles(freePlaces(world.calls('limited'), 3));
  console.log(
    `calls at the same time: ${JSON.stringify(most)}; a free place was taken after p50 ${gaps.p50.toFixed(0)} ms, at most ${gaps.max.toFixed(0)} ms`,
  );
  expect(most).toMatchObject({ limited: 3, grouped: 2 });
  expect(most.free).toBeGreaterThan(3);
  addEdgeRow({
    fault: 'a worker killed among tasks under limits of tenants and groups',
    ...(await outcomesOf(world.as('limited'), limited)),
    innocentsHarmed: ended.flat().filter((state) => state !== 'succeeded').length,
    recoveredAfterMs: undefined,
  });
});

interface World extends Pick<Installation, 'start'> {
  readonly as: (tenant: Tenant) => GenwardenClient;
  /** The calls of a tenant's tasks, in the order in which they reached the provider. */
  readonly calls: (tenant: Tenant) => readonly StandinRequest[];
}

async function sharedPool(latencyMs: number, concurrency: number): Promise<World> {
  const folder = await tempFolder('fairness');
  onTestFinished(() => folder.remove());
  const [poolsFile, tokensFile] = [join(folder.path, 'pools.json'), join(folder.path, 'tokens.json')];
  const scopes = ['jobs:read', 'jobs:write'] as const;
  const tokens = tenants.map((tenant) =>
    createToken({ name: tenant, tenant, scopes: [...scopes], createdAt: Date.now() }, randomBytes),
  );
  await writeFile(poolsFile, JSON.stringify({ pools: [pool] }));
  await writeFile(tokensFile, JSON.stringify({ tokens: tokens.map(({ entry }) => entry) }));
  const env = {
    GENWARDEN_POOLS_FILE: poolsFile,
    GENWARDEN_AUTH_TOKENS_FILE: tokensFile,
    GENWARDEN_CONCURRENCY: String(concurrency),
  };
  const { standin, url, start } = await startInstallation({ env, systemAccount: true });
  standin.behave({ kind: 'image', bytes: 'small', latencyMs });
  const clients = new Map(
    tenants.map((tenant, at) => [tenant, new GenwardenClient({ url, token: tokens[at]!.token })]),
  );
  return {
    start,
    as: (tenant) => clients.get(tenant)!,
    calls: (tenant) => standin.requests.filter(({ prompt }) => prompt.includes(tenant)),
  };
}

/** Jobs of at most 500 tasks. */
async function submitTasks(world: World, tenant: Tenant, count: number, over: Partial<SubmitRequest> = {}) {
  const sizes = Array.from({ length: Math.ceil(count / 500) }, (_, at) => Math.min(500, count - at * 500));
  return mapLimit(4, sizes, async (size) => {
    const tasks = Array.from({ length: size }, () => ({}));
    const body: SubmitRequest = { kind: 'text', input: { prompt: tenant }, tasks, ...over };
    return (await world.as(tenant).submit(body)).id;
  });
}

const endOf = (world: World, tenant: Tenant, jobs: readonly string[]): Promise<string[]> =>
  mapLimit(8, jobs, async (job) => (await world.as(tenant).wait(job)).state);

function mostAtOnce(calls: readonly StandinRequest[]): number {
  const steps = calls.flatMap(({ at, endedAt = Infinity }) => [
    { at, by: 1 },
    { at: endedAt, by: -1 },
  ]);
  let [running, most] = [0, 0];
  for (const { by } of steps.toSorted((a, b) => a.at - b.at || a.by - b.by)) {
    running += by;
    most = Math.max(most, running);
  }
  return most;
}

/** How long each place stayed free between two calls, ms. */
function freePlaces(calls: readonly StandinRequest[], limit: number): number[] {
  const ends = calls.flatMap(({ endedAt }) => endedAt ?? []).toSorted((a, b) => a - b);
  return calls.slice(limit).map(({ at }, index) => Math.max(0, at - ends[index]!));
}

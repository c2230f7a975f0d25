// Keys that the provider refuses: once their Secret is corrected, the waiting jobs run, and no view names the old key, also after
// the loss of the worker that had it, and with a second key that is accepted.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Pool } from '../../../src/client/index.ts';
import { until } from '../../support/until.ts';
import { doctor } from '../support/causes.ts';
import { type InstalledGenwarden, installGenwarden } from '../support/genwarden.ts';
import { apply, kubectl } from '../support/kubectl.ts';
import { testNamespace } from '../support/namespace.ts';
import { applyKey, applyPool, untilCondition, workersOf } from '../support/workerPool.ts';

const namespace = testNamespace('refused');
const one = { replicas: 1 };
let genwarden: InstalledGenwarden;
const rows: string[] = [];

beforeAll(async () => {
  genwarden = await installGenwarden(namespace, {
    api: one,
    controller: one,
    operator: one,
    defaultPool: { enabled: false },
    standin: { latency: '100ms' },
  });
  const standin = `deployment/${genwarden.fullname}-standin`;
  const args = ['good', 'better'].map((value) => ({
    op: 'add',
    path: '/spec/template/spec/containers/0/args/-',
    value: `--key=${value}`,
  }));
  await kubectl('patch', standin, '-n', namespace, '--type=json', '-p', JSON.stringify(args));
  await kubectl('rollout', 'status', standin, '-n', namespace, '--timeout=60s');
});
afterAll(async () => {
  console.log(
    ['| case | jobs run after (ms) | old key gone after (ms) |', '| --- | ---: | ---: |', ...rows].join('\n'),
  );
  await genwarden?.uninstall();
});

const submit = async (pool: string): Promise<string> =>
  (await genwarden.client.submit({ kind: 'text', pool, input: { prompt: 'a haiku' } })).id;
const poolNamed = async (name: string): Promise<Pool> =>
  (await genwarden.client.pools()).find((pool) => pool.name === name)!;
const statesOf = async (name: string): Promise<string[]> => (await poolNamed(name)).keys.map(({ state }) => state);
const untilKeys = (pool: string, what: string, are: (states: string[]) => boolean) =>
  until(async () => are(await statesOf(pool)), { what, timeoutMs: 60_000, intervalMs: 100 });
const isRefused = (states: string[]): boolean => states.includes('refused');

/** Waits for the jobs and for the end of the old key in every view, and checks that doctor names no refused key. */
async function corrected(name: string, pool: string, jobs: readonly string[], keys: number): Promise<void> {
  const began = performance.now();
  const since = (): number => Math.round(performance.now() - began);
  const ran = Promise.all(jobs.map((id) => genwarden.client.wait(id, { giveUpAfterMs: 90_000 }))).then((all) => {
    expect(all.map(({ state }) => state)).toEqual(jobs.map(() => 'succeeded'));
    return since();
  });
  const gone = untilKeys(pool, 'the end of the old key', (all) => all.length === keys && !isRefused(all)).then(since);
  rows.push(`| ${name} | ${await ran} | ${await gone} |`);
  const { checks } = await doctor(namespace);
  expect(checks.filter((check) => check.name === `keys of ${pool}`)).toMatchObject([{ ok: true }]);
}

test('the Secret of a refused key is corrected', async () => {
  await applyPool(genwarden, 'solo');
  await untilCondition(namespace, 'solo', 'Ready', 'True Available');
  const jobs = [await submit('solo'), await submit('solo'), await submit('solo')];
  await untilKeys('solo', 'the refusal', isRefused);
  const { checks } = await doctor(namespace);
  const said = checks.find((check) => check.name === 'keys of solo');
  expect(said).toMatchObject({ ok: false });
  expect(said!.advice).toContain('spec.keys of WorkerPool solo');
  await applyKey(namespace, 'solo', 'good');
  await corrected('one key', 'solo', jobs, 1);
});

test('it is corrected after its worker was killed', async () => {
  const fingerprint = async (): Promise<string> => (await poolNamed('solo')).keys.map((key) => key.fingerprint).join();
  const before = await fingerprint();
  await applyKey(namespace, 'solo', 'wrong-again');
  // A worker that drains would still run the job with the old key.
  const isNew = async (): Promise<boolean> => !(await fingerprint()).includes(before);
  await until(isNew, { what: 'the new key', timeoutMs: 60_000, intervalMs: 100 });
  const jobs = [await submit('solo')];
  await untilKeys('solo', 'the refusal', isRefused);
  for (const { metadata } of await workersOf(namespace, 'solo'))
    await kubectl('delete', 'pod', metadata.name as string, '-n', namespace, '--grace-period=0', '--force');
  await untilCondition(namespace, 'solo', 'Ready', 'True Available');
  await untilKeys('solo', 'the refusal by the new worker', isRefused);
  await applyKey(namespace, 'solo', 'better');
  await corrected('after a kill of the worker', 'solo', jobs, 1);
});

test('one of two keys is refused', async () => {
  const stringData = { first: 'wrong', second: 'good' };
  await apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'both' }, stringData }, namespace);
  const keys = ['first', 'second'].map((key) => ({ secretKeyRef: { name: 'both', key }, requestsPerMinute: 6_000 }));
  await applyPool(genwarden, 'duo', { keys });
  const jobs = [await submit('duo'), await submit('duo'), await submit('duo'), await submit('duo')];
  await Promise.all(jobs.map((id) => genwarden.client.wait(id, { giveUpAfterMs: 90_000 })));
  await untilKeys('duo', 'the refusal of one key', (states) => states.length === 2 && isRefused(states));
  const second = { first: 'better', second: 'good' };
  await apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'both' }, stringData: second }, namespace);
  await corrected('one of two keys', 'duo', [await submit('duo')], 2);
});

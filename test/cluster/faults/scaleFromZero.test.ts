// How soon the first task of an empty pool starts, and which step takes how long, with five pools one after the other.

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Transition } from '../../../src/client/index.ts';
import { markdownTable } from '../../support/markdownTable.ts';
import { until } from '../../support/until.ts';
import { installGenwarden, type InstalledGenwarden } from '../support/genwarden.ts';
import { listObjects, untilLogged, type Any } from '../support/kubectl.ts';
import { testNamespace } from '../support/namespace.ts';
import { applyPool, untilCondition, workersOf } from '../support/workerPool.ts';
import { smallPicture } from './load.ts';
import { pidInPod } from './node.ts';

const namespace = testNamespace('from-zero');
let genwarden: InstalledGenwarden;

beforeAll(async () => {
  const one = { replicas: 1 };
  genwarden = await installGenwarden(namespace, { api: one, controller: one, defaultPool: { enabled: false } });
});
afterAll(() => genwarden?.uninstall());

const rounds = 5;

test('the first task of an empty pool', { timeout: 600_000 }, async () => {
  const timelines: number[][] = [];
  for (let round = 0; round < rounds; round += 1) {
    const pool = `empty-${round}`;
    await applyPool(genwarden, pool, { autoscaling: { minReplicas: 0, maxReplicas: 1, targetQueueTime: '30s' } });
    await untilCondition(namespace, pool, 'Ready', 'True ScaledToZero');
    timelines.push(await timelineOf(pool));
  }
  print(timelines);
  expect(timelines).toHaveLength(rounds);
});

const steps = ['scaled up', 'pod scheduled', 'process started', 'worker started', 'first claim', 'result'];

/** ms from the submit to each step. */
async function timelineOf(pool: string): Promise<number[]> {
  const { client } = genwarden;
  const { id } = await client.submit({ kind: 'image', pool, input: { prompt: `a yard ${smallPicture(0)}` } });
  expect(await client.wait(id)).toMatchObject({ state: 'succeeded' });
  const history = await client.history(id);
  const pod = (await workersOf(namespace, pool))[0]!;
  const log = await untilLogged(pod['metadata'].name, namespace, 'worker started');
  const times = [
    await eventTime((event) => event['reason'] === 'ScaledUp' && event['regarding'].name === pool),
    await eventTime((event) => event['reason'] === 'Scheduled' && event['regarding'].name === pod['metadata'].name),
    startOf(pidInPod(pod['metadata'].uid)),
    timeOf(log, 'worker started'),
    ...['running', 'succeeded'].map((state) => timeAt(history, state)),
  ];
  const queuedAt = timeAt(history, 'queued');
  return times.map((time) => Math.round(time - queuedAt));
}

const timeAt = (history: readonly Transition[], wanted: string): number =>
  Date.parse(history.find(({ state }) => state === wanted)!.at);

/** To the microsecond: the time that the reporter of the event gave. */
async function eventTime(fits: (event: Any) => boolean): Promise<number> {
  const look = async (): Promise<Any | undefined> =>
    (await listObjects('events.events.k8s.io', namespace)).find((event) => fits(event));
  return Date.parse((await until(look, { what: 'the event' }))['eventTime']);
}

/** ms since 1970, to 10 ms. */
function startOf(pid: number): number {
  // The name of the program, in parentheses, may contain spaces.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  const ticks = Number(fields[19]);
  const upSeconds = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
  return Date.now() - upSeconds * 1_000 + ticks * 10;
}

function timeOf(log: string, message: string): number {
  const line = log.split('\n').find((one) => one.includes(message))!;
  const { time } = JSON.parse(line) as { time: number | string };
  return typeof time === 'number' ? time : Date.parse(time);
}

function print(timelines: readonly (readonly number[])[]): void {
  const lines = steps.map((step, at) => {
    const sorted = timelines.map((timeline) => timeline[at]!).toSorted((a, b) => a - b);
    const took = timelines
      .map((timeline) => timeline[at]! - (at === 0 ? 0 : timeline[at - 1]!))
      .toSorted((a, b) => a - b);
    return [step, sorted[rounds >> 1]!, sorted.at(-1)!, took[rounds >> 1]!].map(String);
  });
  console.log(
    markdownTable(['step', 'since the submit: p50 (ms)', 'max (ms)', 'since the step before: p50 (ms)'], lines),
  );
}

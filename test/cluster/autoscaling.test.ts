// Autoscaling with real pods: from zero to many and back for a queue of 200 tasks, without interrupting an attempt.
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Job } from '../../src/client/index.ts';
import { until } from '../support/until.ts';
import { installGenwarden, type InstalledGenwarden } from './support/genwarden.ts';
import { getObject, listObjects } from './support/kubectl.ts';
import { testNamespace } from './support/namespace.ts';
import { applyPool, conditionOf, replicasOf, untilCondition, workersOf } from './support/workerPool.ts';

const namespace = testNamespace('autoscaling');
const values = {
  api: { replicas: 1 },
  controller: { replicas: 1 },
  defaultPool: { enabled: false },
  standin: { latency: '4s' },
};
let genwarden: InstalledGenwarden;

beforeAll(async () => {
  genwarden = await installGenwarden(namespace, values);
});
afterAll(() => genwarden?.uninstall());

const mostReplicas = 6;
const pool = 'elastic';

interface Point {
  readonly second: number;
  readonly queued: number;
  readonly running: number;
  readonly wanted: number;
  readonly ready: number;
  readonly why: string;
}

test(
  '200 tasks: from zero to many and back to zero, every task in its first attempt',
  { timeout: 420_000 },
  async () => {
    const autoscaling = { minReplicas: 0, maxReplicas: mostReplicas, targetQueueTime: '30s' };
    await applyPool(genwarden, pool, { autoscaling });
    await untilCondition(namespace, pool, 'Ready', 'True ScaledToZero');
    expect(await replicasOf(namespace, pool)).toBe(0);

    const recorder = record();
    const many = await submit(200, 'a haiku');
    await until(async () => (await tasksLeft(many)) === 0, {
      what: 'the 200 tasks',
      timeoutMs: 240_000,
      intervalMs: 500,
    });
    // Two tasks that run longer than the stabilization window keep workers busy during scale-in.
    const few = await submit(2, 'an epic [standin: slow 75s]');
    await until(async () => (await replicasOf(namespace, pool)) === 0, {
      what: 'no worker',
      timeoutMs: 300_000,
      intervalMs: 500,
    });
    await until(async () => (await workersOf(namespace, pool)).length === 0, {
      what: 'no pod',
      timeoutMs: 30_000,
      intervalMs: 500,
    });
    const curve = await recorder.stop();

    const jobs = await Promise.all([many, few].map((job) => genwarden.client.get(job)));
    const waits = jobs[0]!.tasks!.map(({ queuedAt, startedAt }) => Date.parse(startedAt!) - Date.parse(queuedAt));
    print(curve, waits);
    expect(jobs.map(({ state }) => state)).toEqual(['succeeded', 'succeeded']);
    expect(jobs.flatMap(({ tasks }) => tasks!.map(({ attempt }) => attempt)).every((attempt) => attempt === 1)).toBe(
      true,
    );
    // Queued, claimed, done: no task was lost, drained or handed back.
    for (const job of [many, few]) {
      const states = (await genwarden.client.history(job)).map(({ state }) => state);
      const tasks = job === many ? 200 : 2;
      expect(states).toHaveLength(3 * tasks);
      expect(states.filter((state) => state === 'running')).toHaveLength(tasks);
    }
    expect(Math.max(...curve.map(({ wanted }) => wanted))).toBeGreaterThan(1);
    expect(Math.max(...curve.map(({ wanted }) => wanted))).toBeLessThanOrEqual(mostReplicas);
    const reasons = (await listObjects('events.events.k8s.io', namespace)).flatMap(({ regarding, reason }) =>
      regarding.name === pool ? (reason as string) : [],
    );
    expect(reasons).toEqual(expect.arrayContaining(['ScaledUp', 'ScaledDown']));
    await untilCondition(namespace, pool, 'Scaling', 'True ScaledToZero');
  },
);

async function submit(tasks: number, prompt: string): Promise<string> {
  const input = { prompt };
  const all = Array.from({ length: tasks }, (_, at) => ({ name: `task-${at}` }));
  return (await genwarden.client.submit({ kind: 'text', pool, input, tasks: all })).id;
}

async function tasksLeft(job: string): Promise<number> {
  const { progress }: Job = await genwarden.client.get(job, { tasks: false });
  return progress.total - progress.succeeded - progress.failed;
}

/** One point a second from the status of the pool. */
function record() {
  const start = performance.now();
  const stop = new AbortController();
  const points: Point[] = [];
  const running = (async () => {
    while (!stop.signal.aborted) {
      const [object, deployment] = await Promise.all([
        getObject('gwp', pool, namespace),
        getObject('deployment', `genwarden-worker-${pool}`, namespace),
      ]);
      const seen = (await genwarden.client.pools()).find(({ name }) => name === pool);
      points.push({
        second: Math.round((performance.now() - start) / 1_000),
        queued: seen?.queued ?? 0,
        running: seen?.running ?? 0,
        wanted: deployment.spec.replicas,
        ready: deployment.status.readyReplicas ?? 0,
        why: conditionOf(object, 'Scaling') ?? '',
      });
      await pause(1_000, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  })();
  return {
    stop: async (): Promise<Point[]> => {
      stop.abort();
      await running;
      return points;
    },
  };
}

function print(curve: readonly Point[], waits: readonly number[]): void {
  const sampled = curve.filter((point, at) => at % 5 === 0 || point.wanted !== curve[at - 1]?.wanted);
  const rows = sampled.map(
    ({ second, queued, running, wanted, ready, why }) =>
      [second, queued, running, wanted, ready].map((value) => String(value).padStart(8)).join('') + `  ${why}`,
  );
  const sorted = waits.toSorted((a, b) => a - b);
  const at = (share: number): string => `${(sorted[Math.floor((sorted.length - 1) * share)]! / 1_000).toFixed(1)} s`;
  const head = ['second', 'queued', 'running', 'wanted', 'ready'].map((name) => name.padStart(8)).join('');
  const waited = `waited in the queue: p50 ${at(0.5)}, p90 ${at(0.9)}, max ${at(1)}`;
  console.log([head, ...rows, waited].join('\n'));
}

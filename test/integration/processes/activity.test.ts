// The last hour, as real processes show it: the same after a restart of the API, and its age while NATS is away. Workers that stopped and
// workers that were lost, and the calls of each key.

import { expect, it } from 'vitest';
import { GenwardenClient, type Activity } from '../../../src/client/index.ts';
import { anImage, startInstallation } from '../../support/installation.ts';
import { until } from '../../support/until.ts';

const ended = ({ minutes }: Activity) => minutes.filter(({ succeeded, failed }) => succeeded + failed > 0);

it('another API fills the last hour from the log', async () => {
  const { client, start } = await startInstallation();
  const good = await client.submit({ kind: 'image', input: { prompt: 'a yard' }, tasks: [{}, {}, {}] });
  const bad = await client.submit(anImage('a yard [standin: refuse-prompt SAFETY]'));
  await Promise.all([good, bad].map(({ id }) => client.wait(id)));
  const before = await until(
    async () => {
      const figures = await client.activity();
      return figures.hour.failed + figures.hour.succeeded === 4 ? figures : undefined;
    },
    { what: 'the figures' },
  );
  expect(before).toMatchObject({ behindMs: 0, overdue: 0, hour: { succeeded: 3, failed: 1, successRate: 0.75 } });
  expect(before.now).toEqual({ queued: 0, running: 0, waiting: 0, needs_review: 0 });
  expect(before.hour.p50Ms).toBeGreaterThan(0);
  expect(before.hour.p95Ms).toBeGreaterThanOrEqual(before.hour.p50Ms!);
  const [pool] = await client.pools();
  expect(pool!.keys.map(({ callsLastMinute }) => callsLastMinute)).toEqual([4]);

  const api = await start('api');
  const url = /API on (http:\S+?)["\s]/.exec(api.lines.join('\n'))![1]!;
  const second = new GenwardenClient({ url });
  await until(async () => (await second.activity()).behindMs === 0, { what: 'the second API' });
  const after = await second.activity();
  expect(after.hour).toEqual(before.hour);
  expect(ended(after)).toEqual(ended(before).map((minute) => expect.objectContaining(minuteEnd(minute)) as unknown));
  expect(Date.parse(after.since!)).toBe(Date.parse(after.minutes[0]!.at));
});

/** What was open at the end of a minute is known only once it has passed. */
const minuteEnd = ({ at, succeeded, failed, p50Ms, p95Ms }: Activity['minutes'][number]) => {
  return { at, succeeded, failed, p50Ms, p95Ms };
};

it('while NATS is away, the API answers what it knew, and how old that is', async () => {
  const { client, nats } = await startInstallation({ processes: ['controller', 'api'] });
  await client.activity();
  nats.kill('SIGSTOP');
  try {
    const figures = await until(
      async () => {
        const found = await client.activity();
        return found.behindMs > 1_000 ? found : undefined;
      },
      { what: 'an API that is behind', timeoutMs: 30_000 },
    );
    expect(figures.minutes).toHaveLength(60);
  } finally {
    nats.kill('SIGCONT');
  }
  await until(async () => (await client.activity()).behindMs === 0, { what: 'the API to catch up', timeoutMs: 30_000 });
});

it('a worker that ends is stopped, and one that is killed is lost; neither counts', async () => {
  const { client, start } = await startInstallation({
    processes: ['controller', 'api'],
    env: { GENWARDEN_HEARTBEAT_TIMEOUT: '2s' },
  });
  const [stops, dies] = [await start('worker'), await start('worker')];
  const live = async (): Promise<number> => (await client.pools())[0]?.workers ?? 0;
  await until(async () => (await live()) === 2, { what: 'two workers' });
  const pids = new Map((await client.workers()).map(({ name, pid }) => [pid, name]));
  stops.kill('SIGTERM');
  await stops.exited;
  dies.kill('SIGKILL');
  await until(async () => (await live()) === 0, { what: 'the workers to go', timeoutMs: 20_000 });
  const states = new Map((await client.workers()).map(({ name, state }) => [name, state]));
  expect(states.get(pids.get(stops.pid)!)).toBe('stopped');
  expect(states.get(pids.get(dies.pid)!)).toBe('lost');
});

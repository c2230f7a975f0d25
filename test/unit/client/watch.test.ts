// `client.watch`: each finished task once, with its artifacts, in the order of finishing, through lost connections and retries.
import { onTestFinished, expect, test } from 'vitest';
import { GenwardenClient, type TaskResult, type WatchOptions } from '../../../src/client/index.ts';
import { failed, succeeded, toReview } from '../../../src/job/transitions.ts';
import { taskError } from '../../../src/job/errors/index.ts';
import { apiWorld } from '../../fakes/apiWorld.ts';
import { until } from '../../support/until.ts';

async function watching(tasks: number, over: object = {}) {
  const world = await apiWorld();
  const url = await world.api.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => {
    // fetch opens a connection in advance after one was cut; Node does not count it as idle.
    world.api.server.closeAllConnections();
    return world[Symbol.asyncDispose]();
  });
  let reads = 0;
  const fetch: typeof globalThis.fetch = (input, init) => {
    const { method, url: address } = new Request(input, init);
    if (method === 'GET' && !address.includes('/events')) reads += 1;
    return globalThis.fetch(input, init);
  };
  const client = new GenwardenClient({ url, fetch });
  const { id } = await client.submit({
    kind: 'image',
    input: { prompt: 'a yard' },
    tasks: Array.from({ length: tasks }, () => ({})),
    ...over,
  });
  const image = { name: 'image', mediaType: 'image/png', bytes: 3, digest: `sha256:${'a'.repeat(64)}` };
  const finish = async (task: number, next: 'succeeded' | 'failed' | 'review' = 'succeeded'): Promise<void> => {
    await world.claim(id, task);
    world.clock.skip(10);
    if (next === 'failed') {
      const error = taskError('ProviderError', 'It answered 500');
      await world.finish(id, task, (state, now) => failed(state, error.code, now), { error });
    } else {
      await world.finish(id, task, next === 'review' ? toReview : succeeded, { artifacts: [image] });
    }
  };
  return { ...world, client, id, finish, reads: () => reads };
}

function collect(watch: AsyncGenerator<TaskResult, unknown, undefined>) {
  const results: TaskResult[] = [];
  const ended = (async () => {
    for (;;) {
      const { done, value } = await watch.next();
      if (done === true) return value;
      results.push(value);
    }
  })();
  ended.catch(() => undefined);
  return { results, ended, shown: () => results.map(({ task }) => `${task.index}/${task.run} ${task.state}`) };
}

test('yields tasks that had finished before, then each as it finishes, and returns the job', async () => {
  const { client, id, finish } = await watching(4);
  await finish(2);
  await finish(0, 'failed');
  const { ended, shown, results } = collect(client.watch(id));
  await until(() => shown().length === 2, { what: 'the results of before' });
  await finish(3);
  await until(() => shown().length === 3, { what: 'the third result' });
  await finish(1);
  expect(await ended).toMatchObject({ id, state: 'failed', tasks: [{}, {}, {}, {}] });
  expect(shown()).toEqual(['2/1 succeeded', '0/1 failed', '3/1 succeeded', '1/1 succeeded']);
  expect(results.map(({ artifacts }) => artifacts.map(({ name }) => name))).toEqual([
    ['image'],
    [],
    ['image'],
    ['image'],
  ]);
  expect(results[1]!.task.error).toMatchObject({ code: 'ProviderError', message: 'It answered 500' });
  expect(results[2]!.job).toMatchObject({ id, state: 'queued', progress: { succeeded: 2, failed: 1, total: 4 } });
  expect(results[2]!.job).not.toHaveProperty('tasks');
});

test('yields each task once when connections are lost', async () => {
  const { client, id, finish, api, metrics } = await watching(5);
  const streams = async (): Promise<number> => (await metrics.eventStreams.get()).values[0]?.value ?? 0;
  const { ended, shown } = collect(client.watch(id));
  for (let task = 0; task < 5; task += 1) {
    await until(async () => (await streams()) === 1, { what: 'a stream' });
    api.server.closeAllConnections();
    await until(async () => (await streams()) === 0, { what: 'the end of the stream' });
    await finish(task);
  }
  await ended;
  expect(shown()).toEqual([0, 1, 2, 3, 4].map((task) => `${task}/1 succeeded`));
});

test('a caller that takes its time costs no more than one read of the job', async () => {
  const { client, id, finish, reads } = await watching(4);
  const watch = client.watch(id);
  const first = watch.next();
  await finish(0);
  expect((await first).value).toMatchObject({ task: { index: 0 } });
  const before = reads();
  for (const task of [3, 1, 2]) await finish(task);
  const { ended, shown } = collect(watch);
  await ended;
  expect(shown()).toEqual(['3/1 succeeded', '1/1 succeeded', '2/1 succeeded']);
  // One for the three results, and one for the job that is returned.
  expect(reads() - before).toBe(2);
});

test('ends when all that is left waits for a reviewer, or watches through the review', async () => {
  const { client, id, finish } = await watching(2, { policy: { review: 'always' } });
  const options: WatchOptions = { throughReview: true };
  const [short, long] = [collect(client.watch(id)), collect(client.watch(id, options))];
  await finish(1, 'review');
  await finish(0, 'review');
  expect(await short.ended).toMatchObject({ state: 'needs_review', awaitsReview: true });
  expect(short.shown()).toEqual([]);
  for (const task of [0, 1]) await client.review(id, task, { run: 1, decision: task === 0 ? 'approve' : 'reject' });
  expect(await long.ended).toMatchObject({ state: 'failed' });
  expect(long.shown()).toEqual(['0/1 succeeded', '1/1 failed']);
});

test('a job that has finished yields its results and ends; after a retry, a new watch yields the new run', async () => {
  const { client, id, finish } = await watching(2);
  await finish(0);
  await finish(1, 'failed');
  const before = collect(client.watch(id));
  await before.ended;
  expect(before.shown()).toEqual(['0/1 succeeded', '1/1 failed']);
  await client.retry(id);
  const after = collect(client.watch(id));
  await until(() => after.shown().length === 1, { what: 'the result that is kept' });
  await finish(1);
  await after.ended;
  expect(after.shown()).toEqual(['0/1 succeeded', '1/2 succeeded']);
});

test('cancelled tasks come last', async () => {
  const { client, id, finish } = await watching(3);
  await finish(2);
  const watch = collect(client.watch(id));
  await until(() => watch.shown().length === 1, { what: 'the first result' });
  await client.cancel(id);
  expect(await watch.ended).toMatchObject({ state: 'cancelled' });
  expect(watch.shown()).toEqual(['2/1 succeeded', '0/1 cancelled', '1/1 cancelled']);
});

test('its signal ends it with its reason, and a job that does not exist is refused', async () => {
  const { client, id, finish } = await watching(2);
  const stop = new AbortController();
  const watch = collect(client.watch(id, { signal: stop.signal }));
  await finish(0);
  await until(() => watch.shown().length === 1, { what: 'the first result' });
  stop.abort(new Error('enough'));
  await expect(watch.ended).rejects.toThrow('enough');
  await expect(collect(client.watch('01nothere')).ended).rejects.toMatchObject({ code: 'JobNotFound' });
});

// A client that takes its time holds a few jobs in this process, however many it gets in the end.
import { expect, onTestFinished, test } from 'vitest';
import type { FollowEvent } from '../../../src/ports/jobLog.ts';
import { kubeWorld, type KubeWorld } from './kubeApiWorld.ts';

const count = 300;

/** A body that is read by hand, a piece at a time. */
async function begun({ handle }: KubeWorld, query: string): Promise<AsyncIterator<string>> {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const { body } = await handle({
    method: 'GET',
    path: '/apis/genwarden.dev/jobs-v1alpha1/jobs',
    query: new URLSearchParams(query),
    accept: 'application/json',
    user: { name: 'admin', groups: [], extra: {} },
    body: async () => '',
    signal: stop.signal,
  });
  return (body as AsyncIterable<string>)[Symbol.asyncIterator]();
}

async function withJobs(): Promise<KubeWorld & { readonly ids: readonly string[] }> {
  const kube = await kubeWorld();
  onTestFinished(() => kube[Symbol.asyncDispose]());
  const ids = await Promise.all(Array.from({ length: count }, () => kube.world.submit()));
  return { ...kube, ids };
}

/** How many things a method of an object has handed out. */
function counted<T extends object, K extends keyof T>(object: T, method: K): { count: number } {
  const handedOut = { count: 0 };
  const original = (object[method] as (...args: unknown[]) => Iterable<unknown> | AsyncIterable<FollowEvent>).bind(
    object,
  );
  const seen = <V>(value: V): V => {
    handedOut.count += 1;
    return value;
  };
  const counting = (...args: unknown[]) => {
    const source = original(...args);
    if (Symbol.iterator in source) return Iterator.from(source).map(seen);
    return (async function* all() {
      for await (const value of source) yield seen(value);
    })();
  };
  Object.assign(object, { [method]: counting });
  return handedOut;
}

const added = (piece: string): number => piece.match(/"type":"ADDED"/g)?.length ?? 0;

test('a watch that begins with all jobs makes them as the client takes them', async () => {
  const kube = await withJobs();
  const looked = counted(kube.world.follower.index, 'newestFirst');
  const body = await begun(kube, 'watch=true');
  let told = added((await body.next()).value as string);
  expect(told).toBe(64);
  expect(looked.count).toBeLessThan(2 * 64 + 3);
  while (told < count) told += added((await body.next()).value as string);
  expect(told).toBe(count);
});

test('so does a list without pages', async () => {
  const kube = await withJobs();
  const looked = counted(kube.world.follower.index, 'newestFirst');
  const body = await begun(kube, '');
  const first = (await body.next()).value as string;
  // A piece has 64 KiB, about fifty jobs.
  expect(looked.count).toBeLessThan(2 * 64 * 2 + 3);
  let text = first;
  for (let next = await body.next(); next.done !== true; next = await body.next()) text += next.value;
  const { items, metadata } = JSON.parse(text) as {
    items: { metadata: { name: string } }[];
    metadata: { continue?: string };
  };
  expect(items.map(({ metadata: { name } }) => name).toSorted()).toEqual(kube.ids.toSorted());
  expect(metadata.continue).toBeUndefined();
});

test('a watch that has missed many messages reads them as the client takes its events', async () => {
  const kube = await kubeWorld();
  onTestFinished(() => kube[Symbol.asyncDispose]());
  await kube.world.submit();
  const { resourceVersion } = (await kube.ask('jobs')).json.metadata;
  for (let index = 0; index < count; index += 1) await kube.world.submit();
  // As after a restart: the process has none of the messages in memory.
  kube.restart();
  const read = counted(kube.world.log, 'follow');
  const body = await begun(kube, `watch=true&resourceVersion=${resourceVersion}`);
  let told = added((await body.next()).value as string);
  expect(told).toBe(64);
  expect(read.count).toBe(64);
  while (told < count) told += added((await body.next()).value as string);
  expect(told).toBe(count);
});

// Watches and cancellations of the aggregated API.
import { expect, test } from 'vitest';
import { succeeded } from '../../../src/job/transitions.ts';
import { kubeWorld, type WatchReader } from './kubeApiWorld.ts';

/** The next events that are not bookmarks, as `TYPE name state`. */
async function told(watch: WatchReader, count: number): Promise<string[]> {
  const events: string[] = [];
  while (events.length < count) {
    const event = await watch.next();
    if (event === undefined) break;
    if (event.type === 'BOOKMARK') continue;
    const { metadata, status, message } = event.object;
    events.push(event.type === 'ERROR' ? `ERROR ${message}` : `${event.type} ${metadata.name} ${status.state}`);
  }
  return events;
}

test('a watch tells the life of a job, and then where it is', async () => {
  await using kube = await kubeWorld();
  const { resourceVersion } = (await kube.ask('jobs')).json.metadata;
  const watch = await kube.watch(`jobs?watch=true&resourceVersion=${resourceVersion}&allowWatchBookmarks=true`);
  const id = await kube.world.submit();
  expect(await told(watch, 1)).toEqual([`ADDED ${id} queued`]);
  await kube.world.claim(id);
  expect(await told(watch, 1)).toEqual([`MODIFIED ${id} running`]);
  await kube.world.finish(id, 0, (state, now) => succeeded(state, now));
  expect(await told(watch, 1)).toEqual([`MODIFIED ${id} succeeded`]);
  const bookmark = await watch.next();
  expect(bookmark).toMatchObject({ type: 'BOOKMARK', object: { kind: 'Job' } });
  expect(bookmark!.object.metadata.resourceVersion).toBe((await kube.ask('jobs')).json.metadata.resourceVersion);
  await kube.world.delete(`/v1/jobs/${id}`);
  expect(await told(watch, 1)).toEqual([`DELETED ${id} deleted`]);
  watch.stop();
  while ((await watch.next()) !== undefined);
});

test('a watch continues after a restart of the process, without loss and without a repetition', async () => {
  await using kube = await kubeWorld();
  const before = await kube.world.submit();
  const list = (await kube.ask('jobs')).json;
  const missed = await kube.world.submit();
  await kube.world.claim(before);
  kube.restart();
  const after = await kube.world.submit();
  const watch = await kube.watch(`jobs?watch=true&resourceVersion=${list.metadata.resourceVersion}`);
  expect(await told(watch, 3)).toEqual([
    `ADDED ${missed} queued`,
    `MODIFIED ${before} running`,
    `ADDED ${after} queued`,
  ]);
  watch.stop();
});

test('without a version, and with initial events, the watch begins with all jobs', async () => {
  await using kube = await kubeWorld();
  const id = await kube.world.submit();
  const plain = await kube.watch('jobs?watch=true&resourceVersion=0');
  expect(await told(plain, 1)).toEqual([`ADDED ${id} queued`]);
  const query = 'watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan';
  const streamed = await kube.watch(`jobs?${query}&resourceVersion=`);
  expect(await told(streamed, 1)).toEqual([`ADDED ${id} queued`]);
  const bookmark = await streamed.next();
  expect(bookmark).toMatchObject({
    type: 'BOOKMARK',
    object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
  });
  await kube.world.claim(id);
  expect(await told(streamed, 1)).toEqual([`MODIFIED ${id} running`]);
  plain.stop();
  streamed.stop();
});

test('to a watch by state, jobs come and go', async () => {
  await using kube = await kubeWorld();
  const early = await kube.world.submit();
  await kube.world.claim(early);
  const { resourceVersion } = (await kube.ask('jobs?fieldSelector=status.state%3Drunning')).json.metadata;
  const watch = await kube.watch(
    `jobs?watch=true&resourceVersion=${resourceVersion}&fieldSelector=status.state%3Drunning`,
  );
  const late = await kube.world.submit();
  await kube.world.claim(late);
  expect(await told(watch, 1)).toEqual([`ADDED ${late} running`]);
  await kube.world.finish(late, 0, (state, now) => succeeded(state, now));
  expect(await told(watch, 1)).toEqual([`DELETED ${late} succeeded`]);
  await kube.world.finish(early, 0, (state, now) => succeeded(state, now));
  expect(await told(watch, 1)).toEqual([`DELETED ${early} succeeded`]);
  watch.stop();
});

test('a watch as a table has its columns once, and one of a single job tells only that job', async () => {
  await using kube = await kubeWorld();
  const [id] = [await kube.world.submit(), await kube.world.submit()];
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const watch = await kube.watch(`jobs?watch=true&fieldSelector=metadata.name%3D${id}`, { accept });
  const first = await watch.next();
  expect(first).toMatchObject({
    type: 'ADDED',
    object: {
      kind: 'Table',
      rows: [
        { cells: [id, 'queued', '0/1', 'default', '0s', 'Submitted', 'image', 'gemini-3.1-flash-image', 'normal'] },
      ],
    },
  });
  expect(first!.object.columnDefinitions).toHaveLength(9);
  await kube.world.claim(id);
  const second = await watch.next();
  expect(second).toMatchObject({
    type: 'MODIFIED',
    object: { columnDefinitions: [], rows: [{ cells: expect.arrayContaining([id, 'running']) as unknown }] },
  });
  watch.stop();
});

test('the end of a watched stream is an expired version', async () => {
  await using kube = await kubeWorld();
  const watch = await kube.watch('jobs?watch=true');
  kube.world.log.stream.replace();
  expect(await told(watch, 1)).toEqual([expect.stringMatching(/^ERROR The stream of jobs was replaced/)]);
  expect(await watch.next()).toBeUndefined();
});

test('a deletion cancels the job, and kubectl has nothing to wait for', async () => {
  await using kube = await kubeWorld();
  const id = await kube.world.submit();
  const url = `namespaces/default/jobs/${id}`;
  const options = (over: object): string => JSON.stringify({ kind: 'DeleteOptions', apiVersion: 'v1', ...over });
  const dry = await kube.ask(`${url}?dryRun=All`, { method: 'DELETE', body: options({ dryRun: ['All'] }) });
  expect(dry).toMatchObject({ status: 200, json: { kind: 'Status', status: 'Success' } });
  const wrong = await kube.ask(url, { method: 'DELETE', body: options({ preconditions: { uid: 'another' } }) });
  expect(wrong).toMatchObject({ status: 409, json: { reason: 'Conflict' } });
  expect((await kube.ask(url)).json.status.state).toBe('queued');
  const done = await kube.ask(url, { method: 'DELETE', body: options({ propagationPolicy: 'Background' }) });
  expect(done).toMatchObject({ status: 200, json: { details: { name: id, group: 'genwarden.dev', kind: 'jobs' } } });
  expect(done.json.details.uid).toBeUndefined();
  const after = (await kube.ask(url)).json;
  expect(after.status).toMatchObject({ state: 'cancelled', reason: 'Cancelled' });
  expect(after.status.conditions).toContainEqual(expect.objectContaining({ type: 'Failed', status: 'True' }));
  expect((await kube.ask(url, { method: 'DELETE' })).status).toBe(200);
  const other = await kube.world.submit();
  await kube.world.claim(other);
  await kube.world.finish(other, 0, (state, now) => succeeded(state, now));
  expect(await kube.ask(`namespaces/default/jobs/${other}`, { method: 'DELETE' })).toMatchObject({
    status: 409,
    json: { message: expect.stringContaining('JobAlreadyFinished') as string },
  });
});

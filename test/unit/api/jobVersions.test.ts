// Which version of a job a read shows, and reads that wait for the next one.
import { expect, test, vi } from 'vitest';
import type { Queued } from '../../../src/job/task.ts';
import { cancelled, succeeded } from '../../../src/job/transitions.ts';
import { apiWorld } from '../../fakes/apiWorld.ts';

test('answers 304 to who has the newest, and holds such a request until the job changes', async () => {
  await using world = await apiWorld();
  const id = await world.submit();
  const { etag } = (await world.get(`/v1/jobs/${id}`)).headers;
  const known = { 'if-none-match': String(etag) };
  expect((await world.get(`/v1/jobs/${id}`, known)).status).toBe(304);
  expect((await world.get(`/v1/jobs/${id}?wait=50ms`, known)).status).toBe(304);
  const held = world.get(`/v1/jobs/${id}?wait=30s`, known);
  await world.claim(id);
  const answer = await held;
  expect(answer).toMatchObject({ status: 200, json: { state: 'running' } });
  expect(answer.headers.etag).not.toBe(etag);
  expect((await world.get(`/v1/jobs/${id}?wait=30s`, known)).status).toBe(200);
});

test('holds a request without If-None-Match until the job has finished', async () => {
  await using world = await apiWorld();
  const id = await world.submit();
  const held = world.get(`/v1/jobs/${id}?wait=30s`);
  await world.claim(id);
  await world.finish(id, 0, succeeded);
  expect(await held).toMatchObject({ status: 200, json: { state: 'succeeded' } });
  expect(await world.get(`/v1/jobs/${id}?wait=30s`)).toMatchObject({ status: 200 });
});

test('a job whose tasks were read at different moments has another version than when it is complete', async () => {
  await using world = await apiWorld();
  const id = await world.submit({ tasks: [{}, {}] });
  for (const task of [0, 1]) await world.claim(id, task);
  const before = await world.log.read(id);
  for (const task of [0, 1]) await world.finish(id, task, succeeded);
  const complete = await world.log.read(id);
  const { read, last } = world.log;
  world.log.read = async () => ({ job: id, tasks: [before!.tasks[0]!, complete!.tasks[1]!] });
  world.log.last = async () => before!.tasks[0]!.last;
  const torn = await world.get(`/v1/jobs/${id}`);
  expect(torn.json.tasks.map(({ state }: { state: string }) => state)).toEqual(['running', 'succeeded']);
  Object.assign(world.log, { read, last });
  const known = { 'if-none-match': String(torn.headers.etag) };
  expect(await world.get(`/v1/jobs/${id}`, known)).toMatchObject({ status: 200, json: { state: 'succeeded' } });
});

test("is never older than what this process knows: a lagging replica's answer is read again from the leader", async () => {
  await using world = await apiWorld();
  const id = await world.submit();
  const stale = await world.log.read(id);
  await world.claim(id);
  world.log.read = async () => stale;
  expect((await world.get(`/v1/jobs/${id}`)).json.tasks[0].state).toBe('running');
  expect(world.log.calls).toContain('last');
});

test('a message that was shown once stays visible, although the follower has not received it yet', async () => {
  await using world = await apiWorld();
  const id = await world.submit();
  const stale = await world.log.read(id);
  const { state } = stale!.tasks[0]!.last;
  vi.spyOn(world.follower, 'position').mockReturnValue({ epoch: '', sequence: 0 });
  const newer = { ...stale!.tasks[0]!.last, sequence: 99, state: cancelled(state as Queued, world.clock.now()) };
  world.log.read = async () => ({ job: id, tasks: [{ ...stale!.tasks[0]!, last: newer }] });
  expect((await world.get(`/v1/jobs/${id}`)).json.state).toBe('cancelled');
  world.log.read = async () => stale;
  world.log.last = async () => newer;
  expect((await world.get(`/v1/jobs/${id}`)).json.state).toBe('cancelled');
});

// Event streams: a snapshot, then every transition once, and nothing lost by those who come back.

import { describe, expect, onTestFinished, test } from 'vitest';
import type { ApiOptions } from '../../../src/api/app.ts';
import { succeeded, waiting } from '../../../src/job/transitions.ts';
import { apiWorld, type ApiWorld } from '../../fakes/apiWorld.ts';
import { aBeat } from '../../fakes/heartbeats.ts';
import { EventStreamReader, type Received } from '../../support/eventStreamReader.ts';
import { until } from '../../support/until.ts';

async function listeningWorld(over: Partial<ApiOptions> = {}): Promise<ApiWorld & { url: string }> {
  const world = await apiWorld(over);
  const url = await world.api.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => world[Symbol.asyncDispose]());
  return Object.assign(world, { url });
}

const summaries = (received: readonly Received[]): string[] =>
  received.map(({ event, data }) => (event === 'task' || event === 'job' ? `${event} ${data.state}` : event));

async function runs(world: ApiWorld, job: string, task = 0): Promise<void> {
  await world.claim(job, task);
  await world.finish(job, task, (state, now) => succeeded(state, now));
}

test('a delete is one event for each task, and no job event', async () => {
  const world = await listeningWorld();
  const job = await world.submit({ tasks: [{ name: 'a' }, { name: 'b' }] });
  const listener = await EventStreamReader.open(`${world.url}/v1/events`);
  await listener.until((all) => all.length === 1, 'the snapshot');
  await world.post(`/v1/jobs/${job}/cancel`, {});
  await listener.until((all) => summaries(all).includes('job cancelled'), 'the end of the job');
  const before = listener.received.length;
  await world.delete(`/v1/jobs/${job}`);
  await listener.until((all) => all.length === before + 2, 'the deletes');
  expect(summaries(listener.received.slice(before))).toEqual(['task deleted', 'task deleted']);
  const known = { job, state: 'deleted', reason: 'Deleted', target: null, dueAt: null, waitingFor: null };
  expect(listener.received.at(-1)!.data).toMatchObject(known);
});

describe("a job's events", () => {
  test('snapshot, each transition with the job that it made, the end; every id names the stream and a sequence', async () => {
    const world = await listeningWorld();
    const job = await world.submit({ tasks: [{ name: 'a' }, { name: 'b' }] });
    const listener = await EventStreamReader.open(`${world.url}/v1/jobs/${job}/events`);
    await listener.until((all) => all.length === 1, 'the snapshot');
    await runs(world, job, 0);
    await runs(world, job, 1);
    await until(() => listener.ended, { what: 'the end of the stream' });
    expect(summaries(listener.received)).toEqual([
      'snapshot',
      'task running',
      'job running',
      'task succeeded',
      'job queued',
      'task running',
      'job running',
      'task succeeded',
      'job succeeded',
    ]);
    expect(listener.received[0]!.data).toMatchObject({
      id: job,
      state: 'queued',
      tasks: [{ name: 'a' }, { name: 'b' }],
    });
    const { epoch } = world.follower.position();
    const tasks = listener.of('task');
    const ids = tasks.map(({ data }) => `${epoch}-${data.sequence}`);
    // The task event before the last event is marked: a client that has only that one must still get the last one.
    expect(tasks.map(({ id }) => id)).toEqual([...ids.slice(0, -1), `${ids.at(-1)}-end`]);
    expect(listener.received.at(-1)!.id).toBe(ids.at(-1));
    expect(tasks[0]!.data).toMatchObject({ job, task: 0, name: 'a', run: 1, attempt: 1, worker: 'worker-1' });
    expect(listener.received.at(-1)!.data).toMatchObject({ id: job, progress: { succeeded: 2 } });
    await expect.poll(() => streamsOf(world)).toBe(0);
  });

  test('a finished job is sent at once and closes the stream', async () => {
    const world = await listeningWorld();
    const job = await world.submit();
    await runs(world, job);
    const listener = await EventStreamReader.open(`${world.url}/v1/jobs/${job}/events`);
    await until(() => listener.ended, { what: 'the end of the stream' });
    expect(summaries(listener.received)).toEqual(['snapshot', 'job succeeded']);
  });

  test('who comes back after any event gets exactly the rest', async () => {
    const world = await listeningWorld();
    const job = await world.submit();
    const url = `${world.url}/v1/jobs/${job}/events`;
    const whole = await EventStreamReader.open(url);
    await whole.until((all) => all.length === 1, 'the snapshot');
    await world.claim(job);
    await world.finish(job, 0, (state, now) => waiting(state, 'ProviderError', now + 1_000, now));
    await whole.until((all) => all.length === 5, 'the events');
    for (const [at, { id }] of whole.received.entries()) {
      const back = await EventStreamReader.open(url, id);
      // The current job comes last, and is repeated where it is unknown whether it arrived.
      await back.until((all) => all.at(-1)?.event === 'job', 'the job');
      const missed = whole.received.slice(at + 1).filter(({ event }) => event === 'task');
      expect(back.of('task')).toEqual(missed);
      expect(back.received.at(-1)).toEqual(whole.received.at(-1));
      expect(back.of('snapshot', 'reset')).toEqual([]);
    }
  });

  test('an unknown job, and one of another tenant, is 404', async () => {
    await using world = await apiWorld();
    expect((await world.get(`/v1/jobs/${'0'.repeat(26)}/events`)).json.code).toBe('JobNotFound');
    const other = { 'genwarden-namespace': 'acme' };
    expect((await world.get(`/v1/jobs/${await world.submit()}/events`, other)).json.code).toBe('JobNotFound');
  });
});

describe('all events', () => {
  test('snapshot of the open jobs, then what happens to any job of the tenant', async () => {
    const world = await listeningWorld();
    const [open, done] = [await world.submit(), await world.submit()];
    await runs(world, done);
    const listener = await EventStreamReader.open(`${world.url}/v1/events`);
    await listener.until((all) => all.length === 1, 'the snapshot');
    expect(listener.received[0]!.data).toMatchObject({ items: [{ id: open }], next: null, complete: true });
    const fresh = await world.submit();
    await world.claim(open);
    await listener.until((all) => all.length === 5, 'the events');
    expect(listener.of('task').map(({ data }) => [data.job, data.state])).toEqual([
      [fresh, 'queued'],
      [open, 'running'],
    ]);
    expect(await streamsOf(world)).toBe(1);
  });

  test('cover only the tenant: snapshot, transitions, progress and missed events', async () => {
    // The token is the tenant.
    const find = (tenant: string) => ({
      id: tenant,
      name: tenant,
      tenant,
      scopes: ['jobs:read', 'jobs:write'] as const,
    });
    const world = await listeningWorld({ auth: { find } });
    const submitAs = async (tenant: string): Promise<string> => {
      const body = { kind: 'image', input: { prompt: 'a yard' } };
      return (await world.post('/v1/jobs', body, { authorization: `Bearer ${tenant}` })).json.id as string;
    };
    await submitAs('acme');
    const other = await EventStreamReader.open(`${world.url}/v1/events`, undefined, 'other');
    await other.until((all) => all.length === 1, 'the snapshot');
    expect(other.received[0]!.data.items).toEqual([]);
    const acmes = await submitAs('acme');
    const { sequence } = await world.claim(acmes);
    world.heartbeats.beat(aBeat({ tasks: [{ job: acmes, task: 0, claim: sequence, progress: 0.5 }] }));
    const others = await submitAs('other');
    await other.until((all) => all.length === 3, 'the own job');
    const back = await EventStreamReader.open(`${world.url}/v1/events`, other.received[0]!.id, 'other');
    await back.until((all) => all.length === 2, 'the missed events');
    const jobs = [...other.of('task', 'progress'), ...back.of('task', 'progress')].map(({ data }) => data.job);
    expect(jobs).toEqual([others, others]);
    const refused = await world.get(`/v1/jobs/${acmes}/events`, { authorization: 'Bearer other' });
    expect(refused.json.code).toBe('JobNotFound');
  });

  test('own writes are sent in stream order, and a job ends with its last task', async () => {
    const world = await listeningWorld();
    const job = await world.submit({ tasks: Array.from({ length: 50 }, () => ({})) });
    const listener = await EventStreamReader.open(`${world.url}/v1/jobs/${job}/events`);
    await listener.until((all) => all.length === 1, 'the snapshot');
    await world.post(`/v1/jobs/${job}/cancel`);
    await until(() => listener.ended, { what: 'the end of the stream' });
    const sequences = listener.of('task').map(({ data }) => data.sequence as number);
    expect(sequences).toHaveLength(50);
    expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
    expect(summaries(listener.received).at(-1)).toBe('job cancelled');
    expect(listener.of('job').filter(({ data }) => data.state === 'cancelled')).toHaveLength(1);
  });

  test("messages older than this process's memory are read from the stream", async () => {
    const world = await listeningWorld({ events: { recent: 3 } });
    const listener = await EventStreamReader.open(`${world.url}/v1/events`);
    const [{ id }] = (await listener.until((all) => all.length === 1, 'the snapshot')) as [Received];
    for (let jobs = 0; jobs < 12; jobs += 1) await runs(world, await world.submit());
    await listener.until((all) => all.filter(({ event }) => event === 'task').length === 36, 'all events');
    const back = await EventStreamReader.open(`${world.url}/v1/events`, id);
    await back.until((all) => all.filter(({ event }) => event === 'task').length === 36, 'all events again');
    const sequences = (of: EventStreamReader) => of.of('task').map(({ data }) => data.sequence);
    expect(sequences(back)).toEqual(sequences(listener));
    expect(back.of('snapshot', 'reset')).toEqual([]);
    await world.submit();
    await back.until((all) => all.filter(({ event }) => event === 'task').length === 37, 'the following events');
  });

  test('an id too old, of another stream, from the future or no id at all: reset and a snapshot', async () => {
    const world = await listeningWorld({ events: { recent: 2, maxMissed: 5 } });
    for (let jobs = 0; jobs < 8; jobs += 1) await world.submit();
    const { epoch } = world.follower.position();
    for (const id of [`${epoch}-1`, 'other-3', `${epoch}-999`, 'nonsense']) {
      const listener = await EventStreamReader.open(`${world.url}/v1/events`, id);
      await listener.until((all) => all.length === 2, 'reset and snapshot');
      expect(summaries(listener.received)).toEqual(['reset', 'snapshot']);
      expect(listener.received[0]!.id).toBeUndefined();
      expect(listener.received[1]!.id).toBe(`${epoch}-8`);
    }
  });

  test('NATS away before the first event: a problem that says to try again', async () => {
    const world = await listeningWorld();
    const { epoch } = world.follower.position();
    world.log.away = true;
    const response = await fetch(`${world.url}/v1/events`, { headers: { 'last-event-id': `${epoch}-999` } });
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: 'Unavailable' });
    expect(await streamsOf(world)).toBe(0);
  });

  test('a stream that is replaced: reset, and a snapshot of the new one', async () => {
    const world = await listeningWorld();
    await world.submit();
    const listener = await EventStreamReader.open(`${world.url}/v1/events`);
    await listener.until((all) => all.length === 1, 'the snapshot');
    world.log.stream.replace();
    await listener.until((all) => all.length === 3, 'reset and snapshot');
    expect(summaries(listener.received)).toEqual(['snapshot', 'reset', 'snapshot']);
    expect(listener.received[2]!.data.items).toEqual([]);
  });

  test('progress comes from heartbeats, without an id', async () => {
    const world = await listeningWorld();
    const job = await world.submit();
    const { sequence } = await world.claim(job);
    const listener = await EventStreamReader.open(`${world.url}/v1/jobs/${job}/events`);
    await listener.until((all) => all.length === 1, 'the snapshot');
    const beat = (progress: number) =>
      world.heartbeats.beat(aBeat({ tasks: [{ job, task: 0, claim: sequence, progress }] }));
    beat(0.4);
    await listener.until((all) => all.length === 2, 'the progress');
    beat(0.4);
    beat(0.7);
    await listener.until((all) => all.length === 3, 'the next progress');
    expect(listener.of('progress')).toEqual([
      { event: 'progress', id: undefined, data: { job, task: 0, worker: 'worker-1', progress: 0.4 } },
      { event: 'progress', id: undefined, data: { job, task: 0, worker: 'worker-1', progress: 0.7 } },
    ]);
  });

  test('comments keep it alive; the end of the API ends it', async () => {
    const world = await listeningWorld({ events: { keepAliveMs: 20 } });
    const listener = await EventStreamReader.open(`${world.url}/v1/events`);
    await until(() => listener.comments >= 2, { what: 'two comments' });
    await world.api.close();
    await until(() => listener.ended, { what: 'the end of the stream' });
  });

  test("a stream is not silent for longer because of other tenants' jobs", async () => {
    const world = await listeningWorld({ events: { keepAliveMs: 60_000 } });
    const listener = await EventStreamReader.open(`${world.url}/v1/events`);
    await listener.until((all) => all.length === 1, 'the snapshot');
    const body = { kind: 'image', input: { prompt: 'a yard' } };
    const submits = async (): Promise<boolean> => {
      world.clock.skip(30_000);
      await world.post('/v1/jobs', body, { 'genwarden-namespace': 'other' });
      return listener.comments > 0;
    };
    await until(submits, { what: 'a comment' });
    expect(listener.received).toHaveLength(1);
  });

  test('a client that reads nothing costs no memory and is dropped', async () => {
    const world = await listeningWorld({ events: { stalledMs: 100, recent: 50 } });
    const labels = Object.fromEntries(Array.from({ length: 16 }, (_, at) => [`label-${at}`, 'x'.repeat(60)]));
    const response = await fetch(`${world.url}/v1/events`);
    await expect.poll(() => streamsOf(world)).toBe(1);
    const submits = async (): Promise<number> => {
      await Promise.all(Array.from({ length: 100 }, () => world.submit({ labels })));
      return streamsOf(world);
    };
    await until(async () => (await submits()) === 0, { what: 'the client to be dropped', timeoutMs: 50_000 });
    await expect(response.text()).rejects.toThrow();
  }, 60_000);

  test('streams are no part of the time to answer', async () => {
    const world = await listeningWorld();
    const job = await world.submit();
    await runs(world, job);
    const listener = await EventStreamReader.open(`${world.url}/v1/jobs/${job}/events`);
    await until(() => listener.ended, { what: 'the end of the stream' });
    const { values } = await world.metrics.httpRequestDuration.get();
    expect(values.some(({ labels }) => String(labels['route']).includes('events'))).toBe(false);
  });
});

async function streamsOf({ metrics }: ApiWorld): Promise<number> {
  return (await metrics.eventStreams.get()).values[0]?.value ?? 0;
}

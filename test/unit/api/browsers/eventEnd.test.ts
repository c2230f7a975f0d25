// The end of a job's event stream for a client that reconnects after every end, as `EventSource` does.

import { describe, expect, onTestFinished, test } from 'vitest';
import type { Running } from '../../../../src/job/task.ts';
import { waiting, succeeded } from '../../../../src/job/transitions.ts';
import { apiWorld, type ApiWorld } from '../../../fakes/apiWorld.ts';
import { EventStreamReader } from '../../../support/eventStreamReader.ts';
import { until } from '../../../support/until.ts';

interface Listening extends ApiWorld {
  readonly url: string;
  /** The status with which a client that has this event is answered. */
  statusAfter(job: string, lastEventId: string): Promise<number>;
}

async function listening(): Promise<Listening> {
  const world = await apiWorld();
  onTestFinished(() => world[Symbol.asyncDispose]());
  const url = await world.api.listen({ host: '127.0.0.1', port: 0 });
  const statusAfter = async (job: string, lastEventId: string): Promise<number> => {
    const stop = new AbortController();
    const headers = { 'last-event-id': lastEventId };
    const { status } = await fetch(`${url}/v1/jobs/${job}/events`, { headers, signal: stop.signal });
    stop.abort();
    return status;
  };
  return { ...world, url, statusAfter };
}

async function finish({ claim, finish: end }: ApiWorld, job: string): Promise<void> {
  await claim(job);
  await end(job, 0, (state, now) => succeeded(state, now));
}

/** Reads until the API ends the stream. */
async function whole(url: string, lastEventId?: string): Promise<EventStreamReader> {
  const stream = await EventStreamReader.open(url, lastEventId);
  await until(() => stream.ended, { what: 'the end of the stream' });
  return stream;
}

const names = ({ received }: EventStreamReader): string[] =>
  received.map(({ event, data }) => `${event} ${data.state}`);

describe('a client that has the last event of a finished job', () => {
  test('gets 204 without a body, whether it followed the job or came later', async () => {
    const world = await listening();
    const job = await world.submit();
    const url = `${world.url}/v1/jobs/${job}/events`;
    const follower = await EventStreamReader.open(url);
    await follower.until((all) => all.length === 1, 'the snapshot');
    await finish(world, job);
    await until(() => follower.ended, { what: 'the end of the stream' });
    const later = await whole(url);
    expect(names(later)).toEqual(['snapshot succeeded', 'job succeeded']);
    for (const { received } of [follower, later]) {
      const answer = await fetch(url, { headers: { 'last-event-id': received.at(-1)!.id! } });
      expect([answer.status, await answer.text(), answer.headers.get('cache-control')]).toEqual([204, '', 'no-store']);
    }
  });

  test('gets 204 with any later id of the stream', async () => {
    const world = await listening();
    const job = await world.submit();
    await finish(world, job);
    await world.submit();
    const { epoch, sequence } = world.follower.position();
    expect(await world.statusAfter(job, `${epoch}-${sequence}`)).toBe(204);
  });

  test('gets the events again once the job has been retried', async () => {
    const world = await listening();
    const job = await world.submit();
    await world.post(`/v1/jobs/${job}/cancel`, {});
    const { received } = await whole(`${world.url}/v1/jobs/${job}/events`);
    const last = received.at(-1)!.id!;
    expect(await world.statusAfter(job, last)).toBe(204);
    expect((await world.post(`/v1/jobs/${job}/retry`, {})).status).toBe(202);
    const back = await EventStreamReader.open(`${world.url}/v1/jobs/${job}/events`, last);
    await back.until((all) => all.some(({ event, data }) => event === 'job' && data.state === 'queued'), 'the new run');
  });
});

describe('a client that lacks the last event of a finished job gets it', () => {
  test('after each of the events before it, and each task event only once', async () => {
    const world = await listening();
    const job = await world.submit();
    const url = `${world.url}/v1/jobs/${job}/events`;
    const follower = await EventStreamReader.open(url);
    await follower.until((all) => all.length === 1, 'the snapshot');
    await world.claim(job);
    await world.finish(job, 0, (state, now) => waiting(state, 'ProviderError', now + 1_000, now));
    await world.post(`/v1/jobs/${job}/cancel`, {});
    await until(() => follower.ended, { what: 'the end of the stream' });
    for (const [at, { id }] of follower.received.slice(0, -1).entries()) {
      const back = await whole(url, id);
      const missed = follower.received.slice(at + 1).filter(({ event }) => event === 'task');
      expect(back.of('task')).toEqual(missed);
      expect(back.received.at(-1)).toEqual(follower.received.at(-1));
    }
    expect(follower.received.at(-2)!.id).not.toBe(follower.received.at(-1)!.id);
  });

  test('after a snapshot of the finished job, which has no id', async () => {
    const world = await listening();
    const job = await world.submit();
    await finish(world, job);
    const { received } = await whole(`${world.url}/v1/jobs/${job}/events`);
    expect(received.map(({ event, id }) => [event, id !== undefined])).toEqual([
      ['snapshot', false],
      ['job', true],
    ]);
  });

  test('with an id that is not older, although the snapshot was read ahead of the events', async () => {
    const world = await listening();
    const job = await world.submit();
    await world.claim(job);
    world.log.mute = true;
    const last = world.log.append(succeeded(world.log.lastOf() as Running, world.clock.now()));
    const { received } = await whole(`${world.url}/v1/jobs/${job}/events`);
    expect(received.map(({ event, data }) => `${event} ${data.state}`)).toEqual([
      'snapshot succeeded',
      'job succeeded',
    ]);
    expect(received[1]!.id).toBe(`${world.follower.position().epoch}-${last.sequence}`);
  });

  test('if its id is of another stream, later than the stream, or unreadable', async () => {
    const world = await listening();
    const job = await world.submit();
    await finish(world, job);
    const { epoch, sequence } = world.follower.position();
    for (const id of [`other-${sequence}`, `${epoch}-${sequence + 5}`, 'what?']) {
      const back = await whole(`${world.url}/v1/jobs/${job}/events`, id);
      expect(back.received.map(({ event }) => event)).toEqual(['reset', 'snapshot', 'job']);
    }
  });
});

test('an open job is never 204, and the stream of all jobs has no end', async () => {
  const world = await listening();
  const job = await world.submit();
  const { epoch, sequence } = world.follower.position();
  expect(await world.statusAfter(job, `${epoch}-${sequence}`)).toBe(200);
  await finish(world, job);
  const stop = new AbortController();
  const headers = { 'last-event-id': `${epoch}-${world.follower.position().sequence}` };
  const answer = await fetch(`${world.url}/v1/events`, { headers, signal: stop.signal });
  expect(answer.status).toBe(200);
  stop.abort();
});

test('the stream of a deleted job ends, and the next request is 404', async () => {
  const world = await listening();
  const job = await world.submit();
  await finish(world, job);
  const { received } = await whole(`${world.url}/v1/jobs/${job}/events`);
  expect((await world.delete(`/v1/jobs/${job}`)).status).toBe(204);
  expect(await world.statusAfter(job, received.at(-1)!.id!)).toBe(404);
});

test('a stream says once, first, when to reconnect: after two to three seconds, and not all clients at once', async () => {
  const world = await listening();
  const job = await world.submit();
  await finish(world, job);
  const waits = new Set<number>();
  for (let count = 0; count < 20; count += 1) {
    const text = await (await fetch(`${world.url}/v1/jobs/${job}/events`)).text();
    const [, ms] = /^retry: (\d+)\n(?!retry)event: snapshot\n/.exec(text) ?? [];
    expect(text.match(/^retry:/gm)).toHaveLength(1);
    waits.add(Number(ms));
  }
  for (const ms of waits) expect(ms >= 2_000 && ms < 3_100).toBe(true);
  expect(waits.size).toBeGreaterThan(1);
});

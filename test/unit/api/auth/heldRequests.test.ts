// Event streams and waits whose sender loses access while they are held open.

import { describe, expect, onTestFinished, test } from 'vitest';
import type { ApiOptions } from '../../../../src/api/app.ts';
import { createToken } from '../../../../src/api/auth/createToken.ts';
import { tokenStore, type TokenEntry, type TokenStore } from '../../../../src/api/auth/tokenStore.ts';
import { apiWorld, type ApiWorld } from '../../../fakes/apiWorld.ts';
import { settle } from '../../../fakes/clock.ts';
import { start } from '../../../fakes/tasks.ts';
import { EventStreamReader } from '../../../support/eventStreamReader.ts';
import { until } from '../../../support/until.ts';
import { as, cluster, users } from './stage.ts';

interface Access extends ApiWorld {
  readonly url: string;
  readonly token: string;
  /** Replaces the entry of the token in the tokens file; undefined removes it. */
  change(over: Partial<TokenEntry> | undefined): void;
  /** How many requests listen for changes of the tokens. */
  held(): number;
}

async function listening<W extends { world: ApiWorld }>(at: W & AsyncDisposable): Promise<W & { url: string }> {
  onTestFinished(() => at[Symbol.asyncDispose]());
  return Object.assign(at, { url: await at.world.api.listen({ host: '127.0.0.1', port: 0 }) });
}

async function tokenWorld(first: Partial<TokenEntry> = {}, over: Partial<ApiOptions> = {}): Promise<Access> {
  const { token, entry } = createToken(
    { name: 'app', tenant: 'acme', scopes: ['jobs:read', 'jobs:write'], createdAt: start },
    (bytes) => Buffer.alloc(bytes, 7),
  );
  let store = tokenStore([{ ...entry, ...first }]);
  const listeners = new Set<() => void>();
  const auth: TokenStore = {
    find: (...asked) => store.find(...asked),
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const world = await apiWorld({ auth, ...over });
  const close = async (): Promise<void> => {
    await world[Symbol.asyncDispose]();
    expect(listeners.size).toBe(0);
  };
  const { url } = await listening({ world, [Symbol.asyncDispose]: close });
  return {
    ...world,
    url,
    token,
    held: () => listeners.size,
    change: (next) => {
      store = tokenStore(next === undefined ? [] : [{ ...entry, ...first, ...next }]);
      for (const listener of listeners) listener();
    },
  };
}

async function submitAs({ post, token }: Access, tenant?: string): Promise<string> {
  return (await post('/v1/jobs', { kind: 'image', input: { prompt: 'a yard' } }, as(token, tenant))).json.id as string;
}

async function problemOf(stream: EventStreamReader): Promise<unknown> {
  await until(() => stream.ended, { what: 'the end of the stream' });
  const last = stream.received.at(-1)!;
  return [last.event, last.data.status, last.data.code, last.data.detail];
}

const unauthorized = ['problem', 401, 'Unauthorized', 'The token is unknown or has expired'];

describe('an event stream ends with a problem', () => {
  test.each<[string, Partial<TokenEntry> | undefined, unknown[]]>([
    ['is removed', undefined, unauthorized],
    ['has expired', { expiresAt: new Date(start).toISOString() }, unauthorized],
    [
      'loses its scope',
      { scopes: ['jobs:write'] },
      ['problem', 403, 'Forbidden', 'Token app lacks the scope jobs:read'],
    ],
    [
      'gets another tenant',
      { tenant: 'other' },
      ['problem', 401, 'Unauthorized', 'The token belongs to another tenant now'],
    ],
  ])('when its token %s', async (_name, next, problem) => {
    const world = await tokenWorld();
    const job = await submitAs(world);
    const streams = await Promise.all(
      ['/v1/events', `/v1/jobs/${job}/events`].map((path) =>
        EventStreamReader.open(world.url + path, undefined, world.token),
      ),
    );
    for (const stream of streams) await stream.until((all) => all.length === 1, 'the snapshot');
    world.change(next);
    for (const stream of streams) expect(await problemOf(stream)).toEqual(problem);
  });

  test('when its token expires meanwhile, and not before', async () => {
    const world = await tokenWorld({ expiresAt: new Date(start + 5_000).toISOString() });
    const stream = await EventStreamReader.open(`${world.url}/v1/events`, undefined, world.token);
    await stream.until((all) => all.length === 1, 'the snapshot');
    await world.clock.advance(4_999);
    const job = await submitAs(world);
    await stream.until((all) => all.length === 3, 'the job');
    expect(stream.received.at(-1)!.data.id).toBe(job);
    await world.clock.advance(1);
    expect(await problemOf(stream)).toEqual(unauthorized);
  });

  test('when an administrator who named a tenant becomes an ordinary client', async () => {
    const world = await tokenWorld({ scopes: ['admin'] });
    const headers = as(world.token, 'other');
    const response = await fetch(`${world.url}/v1/events`, { headers });
    expect(response.status).toBe(200);
    const text = response.text();
    await expect.poll(async () => (await world.metrics.eventStreams.get()).values[0]?.value).toBe(1);
    world.change({ scopes: ['jobs:read'] });
    expect(await text).toContain('"code":"Forbidden"');
  });
});

test('a change that leaves the access as it is ends nothing, and no event is lost', async () => {
  const world = await tokenWorld();
  const stream = await EventStreamReader.open(`${world.url}/v1/events`, undefined, world.token);
  await stream.until((all) => all.length === 1, 'the snapshot');
  const jobs = [await submitAs(world)];
  world.change({ scopes: ['admin'], name: 'renamed' });
  jobs.push(await submitAs(world));
  world.change({ expiresAt: new Date(start + 60_000).toISOString() });
  await settle();
  jobs.push(await submitAs(world));
  await stream.until((all) => all.filter(({ event }) => event === 'job').length === 3, 'the jobs');
  expect(stream.of('task').map(({ data }) => data.job)).toEqual(jobs);
  expect(stream.ended).toBe(false);
});

describe('a held wait', () => {
  test.each(['', 'If-None-Match'])('answers 401 when the token is removed (%s)', async (known) => {
    const world = await tokenWorld();
    const job = await submitAs(world);
    const { headers } = await world.get(`/v1/jobs/${job}`, as(world.token));
    const named = known === '' ? {} : { 'if-none-match': String(headers['etag']) };
    const waiting = fetch(`${world.url}/v1/jobs/${job}?wait=60s`, { headers: { ...as(world.token), ...named } });
    await untilHeld(world);
    world.change(undefined);
    const answer = await waiting;
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([401, 'Unauthorized']);
  });

  test('of a submit answers with the job as it was stored', async () => {
    const world = await tokenWorld();
    const waiting = fetch(`${world.url}/v1/jobs?wait=60s`, {
      method: 'POST',
      headers: { ...as(world.token), 'content-type': 'application/json' },
      body: JSON.stringify({ kind: 'image', input: { prompt: 'a yard' } }),
    });
    await untilHeld(world);
    world.change(undefined);
    const answer = await waiting;
    expect([answer.status, ((await answer.json()) as { state: string }).state]).toEqual([202, 'queued']);
  });
});

const untilHeld = ({ held }: Access): Promise<unknown> => until(() => held() > 0, { what: 'the wait to be held' });

describe('Kubernetes tokens', () => {
  const watching = async (over: Partial<ApiOptions> = {}) => {
    const at = await listening(await cluster(over));
    const response = await fetch(`${at.url}/v1/events`, { headers: as('ann-token', 'team-a') });
    expect(response.status).toBe(200);
    const text = response.text();
    await expect.poll(async () => (await at.world.metrics.eventStreams.get()).values[0]?.value).toBe(1);
    const pass = async (ms: number): Promise<void> => {
      at.later(ms);
      await at.world.clock.advance(ms);
    };
    return { ...at, text, pass };
  };

  test('are reviewed every ten seconds, and a right that is gone ends the stream', async () => {
    const at = await watching();
    await at.pass(10_000);
    await expect.poll(() => at.server.asked.length).toBe(4);
    at.server.users.set('ann-token', { username: 'ann', rules: [] });
    await at.pass(10_000);
    expect(await at.text).toContain('"code":"Forbidden"');
  });

  test('that are no longer accepted end the stream', async () => {
    const at = await watching();
    at.server.users.delete('ann-token');
    await at.pass(10_000);
    expect(await at.text).toContain('"code":"Unauthorized"');
  });

  test('keep their streams for five minutes while the API server does not answer', async () => {
    const at = await watching();
    at.server.broken = 500;
    for (let passed = 10_000; passed < 300_000; passed += 10_000) {
      const before = at.server.asked.length;
      await at.pass(10_000);
      await expect.poll(() => at.server.asked.length).toBeGreaterThan(before);
    }
    expect((await at.world.metrics.eventStreams.get()).values[0]?.value).toBe(1);
    await at.pass(10_000);
    expect(await at.text).toContain('"code":"KubernetesUnavailable"');
    at.server.users.set('ann-token', users['ann-token']!);
  });
});

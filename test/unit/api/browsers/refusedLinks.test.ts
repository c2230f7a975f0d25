// What signed links do not permit, when they are refused, and that their signatures reach no log.

import { Readable } from 'node:stream';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { signLink } from '../../../../src/jobs/links.ts';
import type { ApiWorld } from '../../../fakes/apiWorld.ts';
import { EventStreamReader } from '../../../support/eventStreamReader.ts';
import { until } from '../../../support/until.ts';
import { bearing, hour, linked, pathOf, picture } from './linked.ts';

describe('a link permits nothing else', () => {
  test('not to write, nor the history, explanations, lists or other links', async () => {
    const world = await linked();
    const query = world.links.job.split('?')[1]!;
    const job = `/v1/jobs/${world.job}`;
    const attempts = [
      ['GET', `${job}/history`],
      ['GET', `${job}/explain`],
      ['GET', '/v1/jobs'],
      ['GET', '/v1/events'],
      ['GET', '/v1/workers'],
      ['GET', '/v1/pools'],
      ['GET', '/v1/stuck'],
      ['POST', `${job}/links`],
      ['POST', `${job}/cancel`],
      ['POST', `${job}/retry`],
      ['POST', `${job}/tasks/0/review`],
      ['POST', '/v1/jobs'],
      ['DELETE', job],
    ] as const;
    for (const [method, url] of attempts) {
      const { statusCode } = await world.api.inject({ method, url: `${url}?${query}` });
      expect([method, url, statusCode]).toEqual([method, url, 401]);
    }
  });

  test('without authentication, a page of another site cannot change the job with it', async () => {
    const world = await linked({ auth: 'off' });
    const query = world.links.job.split('?')[1]!;
    const { statusCode } = await world.api.inject({
      method: 'POST',
      url: `/v1/jobs/${world.job}/retry?${query}`,
      headers: { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
    });
    expect(statusCode).toBe(403);
  });

  test('not another job, also of the same tenant', async () => {
    const world = await linked();
    const { json } = await world.post('/v1/jobs', { kind: 'image', input: { prompt: 'b' } }, bearing);
    for (const url of Object.values(world.links)) {
      const answer = await world.get(url.replace(world.job, json.id));
      expect([answer.status, answer.json.code]).toEqual([403, 'LinkInvalid']);
    }
  });
});

describe('a link is refused', () => {
  const refusal = async (world: ApiWorld, url: string, headers = {}) => {
    const { status, json } = await world.get(url, headers);
    return [status, json.code, Object.keys(json).toSorted()];
  };
  const shape = ['code', 'detail', 'hint', 'requestId', 'status', 'title', 'type'];

  test('if it was changed, cut or doubled, with the same shape for each, also with a valid token', async () => {
    const world = await linked();
    const [path, query] = world.links.job.split('?') as [string, string];
    const cut = query.slice(0, -1);
    for (const bad of [
      cut,
      `${query}x`,
      `${query}&${query}`,
      'link=',
      'link=a.b.c.d',
      'link=%00',
      query.replace(/\d\./, 'z.'),
    ]) {
      expect(await refusal(world, `${path}?${bad}`)).toEqual([403, 'LinkInvalid', shape]);
      expect(await refusal(world, `${path}?${bad}`, bearing)).toEqual([403, 'LinkInvalid', shape]);
    }
  });

  test('once it has expired', async () => {
    const world = await linked();
    world.clock.skip(hour - 1);
    expect((await world.get(world.links.job)).status).toBe(200);
    world.clock.skip(1);
    for (const url of Object.values(world.links))
      expect(await refusal(world, url)).toEqual([403, 'LinkExpired', shape]);
  });

  test('once its key was removed', async () => {
    const world = await linked();
    world.linkKeys.removeAll();
    expect(await refusal(world, world.links.artifact)).toEqual([403, 'LinkInvalid', shape]);
  });

  test('as not found once its job was deleted or has expired', async () => {
    const world = await linked();
    const { expiresAt } = (await world.log.read(world.job))!.tasks[0]!.last.state.of;
    const link = { job: world.job, tenant: 'acme', expiresAt: expiresAt + hour };
    const longer = `/v1/jobs/${world.job}?link=${signLink(await world.linkKeys.current(), link)}`;
    await world.api.inject({ method: 'DELETE', url: `/v1/jobs/${world.job}`, headers: bearing });
    expect((await world.get(world.links.artifact)).json.code).toBe('JobNotFound');
    world.clock.skip(expiresAt - world.clock.now());
    expect((await world.get(longer)).json.code).toBe('JobNotFound');
  });

  test('beyond 400 requests at once for one job, and only for this one', async () => {
    const world = await linked();
    let answer = await world.get(world.links.job);
    for (let count = 0; count < 400 && answer.status === 200; count += 1) answer = await world.get(world.links.job);
    expect([answer.status, answer.json.detail]).toEqual([
      429,
      `A link to job ${world.job} sent more than 200 requests per second`,
    ]);
    expect((await world.get(`/v1/jobs/${world.job}`, bearing)).status).toBe(200);
  });
});

test('the stream of a link that expires ends with a problem, and the next request gets the same as its answer', async () => {
  const world = await linked();
  const { json } = await world.post('/v1/jobs', { kind: 'image', input: { prompt: 'b' } }, bearing);
  const { events } = (await world.post(`/v1/jobs/${json.id}/links`, { expiresIn: '25s' }, bearing)).json;
  const url = await world.api.listen({ host: '127.0.0.1', port: 0 });
  const stream = await EventStreamReader.open(url + pathOf(events));
  await stream.until((all) => all.length === 1, 'the snapshot');
  await world.clock.advance(25_000);
  await until(() => stream.ended, { what: 'the end of the stream' });
  expect(stream.received.at(-1)).toMatchObject({ event: 'problem', data: { status: 403, code: 'LinkExpired' } });
  const last = stream.received.findLast(({ id }) => id !== undefined)!.id!;
  const answer = await fetch(url + pathOf(events), { headers: { 'last-event-id': last } });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([403, 'application/problem+json; charset=utf-8']);
});

test('the stream of a link whose key was removed ends within ten seconds', async () => {
  const world = await linked();
  const { json } = await world.post('/v1/jobs', { kind: 'image', input: { prompt: 'b' } }, bearing);
  const { events } = (await world.post(`/v1/jobs/${json.id}/links`, {}, bearing)).json;
  const url = await world.api.listen({ host: '127.0.0.1', port: 0 });
  const stream = await EventStreamReader.open(url + pathOf(events));
  await stream.until((all) => all.length === 1, 'the snapshot');
  world.linkKeys.removeAll();
  await world.clock.advance(10_000);
  await until(() => stream.ended, { what: 'the end of the stream' });
  expect(stream.received.at(-1)).toMatchObject({ event: 'problem', data: { code: 'LinkInvalid' } });
});

test('no log line has the signature: of a stream that ends, of a download that is cut, of a failed request', async () => {
  const lines: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  const world = await linked({ logger });
  const url = await world.api.listen({ host: '127.0.0.1', port: 0 });
  const { json } = await world.post('/v1/jobs', { kind: 'image', input: { prompt: 'b' } }, bearing);
  const { events } = (await world.post(`/v1/jobs/${json.id}/links`, { expiresIn: '5s' }, bearing)).json;
  const stream = await EventStreamReader.open(url + pathOf(events));
  await stream.until((all) => all.length === 1, 'the snapshot');
  world.artifacts.stream = async () => Readable.from(broken());
  await expect(fetch(url + world.links.artifact).then((answer) => answer.arrayBuffer())).rejects.toThrow();
  world.artifacts.stream = () => Promise.reject(new Error('a bug'));
  expect((await world.get(world.links.artifact)).status).toBe(500);
  await world.clock.advance(5_000);
  await until(() => stream.ended, { what: 'the end of the stream' });
  await until(() => lines.length >= 3, { what: 'the lines' });
  const text = lines.join('');
  expect(text).toMatch(/was cut[^]*unexpected error[^]*The link has expired/);
  for (const { searchParams } of [new URL(url + world.links.artifact), new URL(events)]) {
    expect(text).not.toContain(searchParams.get('link'));
  }
  expect(text).not.toContain('link=');
});

/** The first bytes of the picture, then a failure. */
async function* broken(): AsyncGenerator<Buffer> {
  yield picture.subarray(0, 4);
  await new Promise((resolve) => setImmediate(resolve));
  throw new Error('the store is away');
}

// Signed links: how they are made, and what they read.

import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createToken } from '../../../../src/api/auth/createToken.ts';
import { tokenStore } from '../../../../src/api/auth/tokenStore.ts';
import type { ArtifactLink } from '../../../../src/ports/artifactStore.ts';
import { fakeArtifactStore } from '../../../fakes/artifactStore.ts';
import { start } from '../../../fakes/tasks.ts';
import { EventStreamReader } from '../../../support/eventStreamReader.ts';
import { until } from '../../../support/until.ts';
import { addPicture, bearing, entry, hour, linked, pathOf, picture } from './linked.ts';

describe('POST /v1/jobs/{id}/links', () => {
  test('gives complete addresses for an hour, or for as long as the request says', async () => {
    const world = await linked();
    const answer = await world.post(`/v1/jobs/${world.job}/links`, undefined, bearing);
    const url = new URL(answer.json.job);
    const link = url.searchParams.get('link')!;
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'cache-control': 'no-store' },
      json: {
        job: `http://localhost/v1/jobs/${world.job}?link=${link}`,
        events: `http://localhost/v1/jobs/${world.job}/events?link=${link}`,
        artifacts: [
          {
            task: 0,
            name: null,
            artifact: 'image',
            mediaType: 'image/png',
            href: `http://localhost/v1/jobs/${world.job}/tasks/0/artifacts/image?run=1&link=${link}`,
          },
        ],
        expiresAt: new Date(world.clock.now() + hour).toISOString(),
      },
    });
    const brief = await world.post(`/v1/jobs/${world.job}/links`, { expiresIn: '90s' }, bearing);
    expect(brief.json.expiresAt).toBe(new Date(world.clock.now() + 90_000).toISOString());
  });

  test('uses GENWARDEN_PUBLIC_URL if it is set', async () => {
    const world = await linked({ publicUrl: 'https://genwarden.example' });
    const { json } = await world.post(`/v1/jobs/${world.job}/links`, {}, bearing);
    expect(json.job).toMatch(/^https:\/\/genwarden\.example\/v1\/jobs\//);
    expect((await world.get(world.links.job)).json.tasks[0].artifacts[0].href).toMatch(
      /^https:\/\/genwarden\.example\//,
    );
  });

  test.each(['0s', '999ms', '8d', '1 hour', '', 3_600])('refuses expiresIn %j with its bounds', async (expiresIn) => {
    const world = await linked();
    const { status, json } = await world.post(`/v1/jobs/${world.job}/links`, { expiresIn }, bearing);
    expect([status, json.code, json.errors[0].path]).toEqual([422, 'InvalidRequest', 'expiresIn']);
  });

  test('never works longer than the job is kept', async () => {
    const world = await linked();
    world.clock.skip(7 * 86_400_000 - 600_000);
    const tooLong = await world.post(`/v1/jobs/${world.job}/links`, { expiresIn: '11m' }, bearing);
    expect([tooLong.status, tooLong.json.detail]).toEqual([
      422,
      `expiresIn: is 11m, but the job expires at ${new Date(start + 7 * 86_400_000).toISOString()}`,
    ]);
    const { json } = await world.post(`/v1/jobs/${world.job}/links`, {}, bearing);
    expect(json.expiresAt).toBe(new Date(start + 7 * 86_400_000).toISOString());
  });

  test('needs a token that may read the job', async () => {
    const other = createToken({ name: 'b', tenant: 'other', scopes: ['admin'], createdAt: start }, (n) =>
      randomBytes(n),
    );
    const world = await linked({ auth: tokenStore([entry, other.entry]) });
    const url = `/v1/jobs/${world.job}/links`;
    expect((await world.post(url, {})).status).toBe(401);
    expect((await world.post(url, {}, { authorization: `Bearer ${other.token}` })).status).toBe(404);
    const every = { authorization: `Bearer ${other.token}`, 'genwarden-namespace': '*' };
    const { json } = await world.post(url, {}, every);
    expect((await world.get(pathOf(json.job))).json.tenant).toBe('acme');
    expect((await world.post(`/v1/jobs/${'0'.repeat(26)}/links`, {}, bearing)).json.code).toBe('JobNotFound');
  });
});

describe('a link reads its job without a token', () => {
  test('the job, now and when it changes, with signed addresses of its artifacts', async () => {
    const world = await linked();
    const answer = await world.get(world.links.job);
    expect(answer).toMatchObject({ status: 200, json: { id: world.job, tenant: 'acme', state: 'succeeded' } });
    expect(pathOf(answer.json.tasks[0].artifacts[0].href)).toBe(world.links.artifact);
    expect((await world.get(`${world.links.job}&tasks=false`)).json.tasks).toBeUndefined();
    const etag = String(answer.headers['etag']);
    expect((await world.get(`${world.links.job}&wait=10ms`, { 'if-none-match': etag })).status).toBe(304);
  });

  test('artifacts, also those that came after the link, with ranges, HEAD and 304', async () => {
    const world = await linked();
    const { json } = await world.post('/v1/jobs', { kind: 'image', input: { prompt: 'b' } }, bearing);
    const early = (await world.post(`/v1/jobs/${json.id}/links`, {}, bearing)).json;
    expect(early.artifacts).toEqual([]);
    await addPicture(world, json.id);
    const { href } = (await world.get(pathOf(early.job))).json.tasks[0].artifacts[0];
    const whole = await world.get(pathOf(href));
    expect([whole.status, whole.headers['content-type'], whole.bytes.equals(picture)]).toEqual([
      200,
      'image/png',
      true,
    ]);
    expect((await world.get(pathOf(href), { range: 'bytes=0-2' })).bytes.toString()).toBe('not');
    expect((await world.get(pathOf(href), { 'if-none-match': String(whole.headers['etag']) })).status).toBe(304);
    const head = await world.api.inject({ method: 'HEAD', url: pathOf(href) });
    expect([head.statusCode, head.headers['content-length']]).toEqual([200, String(picture.length)]);
  });

  test('events, whose snapshot has signed addresses', async () => {
    const world = await linked();
    const url = await world.api.listen({ host: '127.0.0.1', port: 0 });
    const stream = await EventStreamReader.open(url + world.links.events, undefined, 'gw_wrong');
    await until(() => stream.ended, { what: 'the end of the stream' });
    expect(stream.received.map(({ event }) => event)).toEqual(['snapshot', 'job']);
    const { href } = stream.received[0]!.data.tasks[0].artifacts[0];
    expect(href).toBe(url + world.links.artifact);
    const thumbnails = stream.received.map(({ data }) => data.thumbnails[0].href);
    expect(thumbnails).toEqual([href, href].map((path: string) => path.replace('/image?', '/thumbnail?')));
    expect(Buffer.from(await (await fetch(href)).arrayBuffer()).equals(picture)).toBe(true);
    const back = await fetch(url + world.links.events, { headers: { 'last-event-id': stream.received[1]!.id! } });
    expect(back.status).toBe(204);
  });

  test('a redirect to the store, which works no longer than the link', async () => {
    const asked: number[] = [];
    const artifacts = fakeArtifactStore();
    const link = ({ digest, expiresInMs }: ArtifactLink): Promise<string> => {
      asked.push(expiresInMs);
      return Promise.resolve(`https://store.example/${digest}`);
    };
    const world = await linked({ artifacts: { ...artifacts, link } });
    const brief = (await world.post(`/v1/jobs/${world.job}/links`, { expiresIn: '20s' }, bearing)).json;
    for (const url of [world.links.artifact, pathOf(brief.artifacts[0].href)]) {
      const answer = await world.get(`${url}&redirect=true`);
      expect([answer.status, answer.headers['referrer-policy']]).toEqual([307, 'no-referrer']);
      expect(answer.headers.location).toMatch(/^https:\/\/store\.example\/sha256:/);
    }
    expect(asked).toEqual([300_000, 20_000]);
  });

  test('answers stay out of caches of others, and their addresses out of Referer', async () => {
    const world = await linked();
    for (const url of [world.links.job, world.links.artifact, `${world.links.job}x`]) {
      const { headers } = await world.get(url);
      expect(headers['referrer-policy']).toBe('no-referrer');
      expect(headers['cache-control']).toMatch(/^(?:private|no-store)/);
      expect(headers['cross-origin-resource-policy']).toBe('cross-origin');
    }
    expect((await world.get(`/v1/jobs/${world.job}`, bearing)).headers['referrer-policy']).toBeUndefined();
  });

  test('without authentication too, also on pages of other sites and under foreign host names', async () => {
    const world = await linked({ auth: 'off' });
    const foreign = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', host: 'rebound.example' };
    for (const url of Object.values(world.links).slice(0, 1)) expect((await world.get(url, foreign)).status).toBe(200);
    expect((await world.get(world.links.artifact, foreign)).status).toBe(200);
    expect((await world.get(`/v1/jobs/${world.job}`, foreign)).status).toBe(403);
    expect((await world.get(`${world.links.job}x`, foreign)).json.code).toBe('LinkInvalid');
  });
});

// The client against a listening API: requests, waiting, errors and lost connections.
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { tokenStore } from '../../../src/api/auth/tokenStore.ts';
import { createToken } from '../../../src/api/auth/createToken.ts';
import { GenwardenApiError, GenwardenClient } from '../../../src/client/index.ts';
import { failed, succeeded, toReview } from '../../../src/job/transitions.ts';
import type { ApiOptions } from '../../../src/api/app.ts';
import { apiWorld, type ApiWorld } from '../../fakes/apiWorld.ts';
import { aBeat } from '../../fakes/heartbeats.ts';
import { until } from '../../support/until.ts';

type Listening = ApiWorld & { readonly client: GenwardenClient; readonly url: string };

async function listening(over: Partial<ApiOptions> = {}): Promise<Listening> {
  const world = await apiWorld(over);
  const url = await world.api.listen({ host: '127.0.0.1', port: 0 });
  return { ...world, url, client: new GenwardenClient({ url }) };
}

const yard = { kind: 'image', input: { prompt: 'a yard' } } as const;

describe('GenwardenClient', () => {
  test('takes a job through its whole life', async () => {
    await using world = await listening();
    const { client } = world;
    const png = await sharp({ create: { width: 4, height: 4, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const { artifact } = await client.uploadReference(png, 'image/png');
    const submitted = await client.submit({
      ...yard,
      input: { prompt: 'a', references: [{ artifact }] },
      labels: { a: 'b' },
    });
    expect(submitted).toMatchObject({ state: 'queued', warnings: [] });
    await world.claim(submitted.id);
    const states: string[] = [];
    const ended = client.wait(submitted.id, { onChange: ({ state }) => states.push(state) });
    await until(() => states.length > 0, { what: 'the first state' });
    const stored = await world.artifacts.put('default', png, 'image/png');
    await world.finish(submitted.id, 0, succeeded, { artifacts: [{ name: 'image', ...stored }] });
    expect(await ended).toMatchObject({ state: 'succeeded', tasks: [{ artifacts: [{ name: 'image' }] }] });
    expect(states).toEqual(['running', 'succeeded']);
    const download = await client.downloadArtifact(submitted.id, 0, 'image', { run: 1 });
    expect(Buffer.from(download.bytes).equals(png)).toBe(true);
    expect(download).toMatchObject({ mediaType: 'image/png', digest: artifact });
    expect((await client.history(submitted.id)).map(({ state }) => state)).toEqual(['queued', 'running', 'succeeded']);
    expect((await client.get(submitted.id, { tasks: false })).tasks).toBeUndefined();
    await client.delete(submitted.id);
    await expect(client.get(submitted.id)).rejects.toMatchObject({ code: 'JobNotFound', status: 404 });
  });

  test('lists every page', async () => {
    await using world = await listening();
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      ids.unshift((await world.client.submit({ ...yard, labels: { odd: String(count % 2) } })).id);
      world.clock.skip(1);
    }
    const listed = await Array.fromAsync(world.client.list({ pageSize: 2, state: ['open'] }));
    expect(listed.map(({ id }) => id)).toEqual(ids);
    expect(await Array.fromAsync(world.client.list({ labels: { odd: '1' } }))).toHaveLength(2);
  });

  test('cancels, retries and reviews, and shows workers and pools', async () => {
    await using world = await listening();
    const { client } = world;
    const { id } = await client.submit({ ...yard, policy: { review: 'always' }, tasks: [{ name: 'a b' }] });
    expect(await client.cancel(id, { running: 'finish' })).toMatchObject({ state: 'cancelled' });
    expect(await client.retry(id, { tasks: ['a b'] })).toMatchObject({ state: 'queued' });
    await world.claim(id);
    await world.finish(id, 0, toReview);
    expect(await client.review(id, 'a b', { run: 2, decision: 'approve' })).toMatchObject({ state: 'succeeded' });
    world.heartbeats.beat(aBeat());
    await until(async () => (await client.workers()).length === 1, { what: 'the worker' });
    expect((await client.pools()).map(({ name }) => name)).toEqual(['default', 'drawings']);
  });

  test('throws an error with the fields of the problem document', async () => {
    await using world = await listening();
    const error = await world.client
      .submit({ kind: 'image', input: { prompt: '' } })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(GenwardenApiError);
    expect(error).toMatchObject({
      code: 'InvalidRequest',
      status: 422,
      hint: expect.any(String),
      detail: 'input.prompt: is empty',
      errors: [{ path: 'input.prompt', message: 'is empty' }],
    });
  });

  test('sends its token, and throws when it is refused', async () => {
    const { token, entry } = createToken(
      { name: 't', tenant: 'a', scopes: ['admin'], createdAt: 0 },
      (bytes) => new Uint8Array(bytes),
    );
    await using world = await listening({ auth: tokenStore([entry]) });
    await expect(world.client.workers()).rejects.toMatchObject({ code: 'Unauthorized' });
    expect(await new GenwardenClient({ url: `${world.url}/`, token }).workers()).toEqual([]);
  });

  test('submits once even if the first answer is a 503', async () => {
    await using world = await listening();
    world.log.away = true;
    const submitted = world.client.submit(yard);
    await until(() => world.log.calls.includes('submit'), { what: 'the first try' });
    world.log.away = false;
    const { id } = await submitted;
    expect((await Array.fromAsync(world.client.list())).map((job) => job.id)).toEqual([id]);
  });

  test('gives up a submit after `giveUpAfterMs`, with the last error', async () => {
    await using world = await listening();
    world.log.away = true;
    await expect(world.client.submit(yard, { giveUpAfterMs: 0 })).rejects.toMatchObject({
      code: 'Unavailable',
      status: 503,
    });
  });

  test('waits through a 503 and ends with the failed job', async () => {
    await using world = await listening();
    const { id } = await world.client.submit(yard);
    await world.claim(id);
    world.log.away = true;
    const before = world.log.calls.length;
    const ended = world.client.wait(id);
    await until(() => world.log.calls.length > before, { what: 'a refused read' });
    world.log.away = false;
    await world.finish(id, 0, (state, now) => failed(state, 'ProviderError', now));
    expect(await ended).toMatchObject({ state: 'failed' });
  });

  test('waits through lost connections, until its signal aborts', async () => {
    let requests = 0;
    await using server = await rawServer((_request, response) => {
      requests += 1;
      response.destroy();
    });
    const stop = new AbortController();
    const waiting = new GenwardenClient({ url: server.url }).wait('j', { signal: stop.signal });
    await until(() => requests >= 2, { what: 'a second try' });
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });

  test('repeats the request after a 304, with the ETag it has', async () => {
    const job = (state: string) => JSON.stringify({ id: 'j', state });
    const seen: (string | undefined)[] = [];
    await using server = await rawServer((request, response) => {
      seen.push(`${request.url} ${request.headers['if-none-match']}`);
      response.setHeader('etag', `W/"${seen.length}"`);
      response.writeHead(seen.length === 2 ? 304 : 200);
      response.end(seen.length === 2 ? undefined : job(seen.length === 1 ? 'running' : 'succeeded'));
    });
    expect(await new GenwardenClient({ url: server.url }).wait('j')).toMatchObject({ state: 'succeeded' });
    expect(seen).toEqual(['/v1/jobs/j undefined', '/v1/jobs/j?wait=30s W/"1"', '/v1/jobs/j?wait=30s W/"1"']);
  });

  test('asks once more when its token expires during a wait, and throws when it is refused again', async () => {
    let [requests, refusals] = [0, 1];
    await using server = await rawServer((request, response) => {
      requests += 1;
      if (request.headers['if-none-match'] !== undefined && refusals-- > 0) {
        response.writeHead(401, { 'content-type': 'application/problem+json' });
        response.end(JSON.stringify({ status: 401, code: 'Unauthorized', detail: 'It has expired' }));
        return;
      }
      const state = request.headers['if-none-match'] === undefined ? 'queued' : 'succeeded';
      response.writeHead(200, { 'content-type': 'application/json', etag: 'W/"7"' }).end(JSON.stringify({ state }));
    });
    const client = new GenwardenClient({ url: server.url });
    expect(await client.wait('j')).toMatchObject({ state: 'succeeded' });
    expect(requests).toBe(3);
    refusals = 2;
    await expect(client.wait('j')).rejects.toMatchObject({ code: 'Unauthorized' });
    expect(requests).toBe(6);
  });

  test('an answer that is not a problem document is also an error', async () => {
    await using server = await rawServer((_request, response) => response.writeHead(404).end('<html>'));
    await expect(new GenwardenClient({ url: server.url }).get('j')).rejects.toMatchObject({
      code: 'Unknown',
      status: 404,
    });
  });
});

async function rawServer(answer: RequestListener): Promise<AsyncDisposable & { readonly url: string }> {
  const server: Server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('wait and a review', () => {
  test('ends when all that is left is a review, unless the caller waits through it', async () => {
    await using world = await listening();
    const { client } = world;
    const { id } = await client.submit({ ...yard, tasks: [{}, {}], policy: { review: 'always' } });
    const states: string[] = [];
    const through = client.wait(id, { throughReview: true, onChange: ({ state }) => states.push(state) });
    const ended = client.wait(id);
    await world.claim(id, 0);
    await world.finish(id, 0, toReview);
    await world.claim(id, 1);
    await world.finish(id, 1, succeeded);
    const job = await ended;
    expect(job).toMatchObject({ state: 'needs_review', awaitsReview: true });
    await client.review(id, 0, { run: 1, decision: 'approve' });
    expect((await through).state).toBe('succeeded');
  });
});

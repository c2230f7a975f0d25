// Downloads from the artifact store itself: the API answers 307, and the client's token goes to the API only.
import { createHash } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { GenwardenClient } from '../../../src/client/index.ts';
import type { ArtifactLink } from '../../../src/ports/artifactStore.ts';
import { succeeded } from '../../../src/job/transitions.ts';
import { apiWorld } from '../../fakes/apiWorld.ts';
import { fakeArtifactStore } from '../../fakes/artifactStore.ts';

const bytes = Buffer.from('a picture');
const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

async function open(link: boolean) {
  const seen: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    response.setHeader('content-type', 'image/png').setHeader('etag', '"an-md5"').end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const store = `http://127.0.0.1:${(server.address() as AddressInfo).port}/bucket/image.png?X-Amz-Signature=abc`;
  const links: ArtifactLink[] = [];
  const artifacts = fakeArtifactStore();
  const asked = async (it: ArtifactLink) => {
    links.push(it);
    return (await artifacts.find(it.tenant, it.digest)) && store;
  };
  const world = await apiWorld({ artifacts: link ? { ...artifacts, link: asked } : artifacts });
  onTestFinished(() => world[Symbol.asyncDispose]());
  const url = await world.api.listen({ host: '127.0.0.1', port: 0 });
  const id = await world.submit();
  await artifacts.put('default', bytes, 'image/png');
  await world.claim(id);
  const image = { name: 'image', digest, mediaType: 'image/png', bytes: bytes.length, path: 'default/x/image.png' };
  await world.finish(id, 0, succeeded, { artifacts: [image, { ...image, name: 'page', mediaType: 'text/html' }] });
  return { world, id, links, seen, store, artifacts, client: new GenwardenClient({ url, token: 'secret' }) };
}

test('a redirected download has the bytes and their digest, and shows the token to the API only', async () => {
  const { client, id, seen, links } = await open(true);
  const download = await client.downloadArtifact(id, 0, 'image', { redirect: true });
  expect(Buffer.from(download.bytes).equals(bytes)).toBe(true);
  expect(download).toMatchObject({ mediaType: 'image/png', digest });
  expect(seen).toHaveLength(1);
  expect(seen[0]!.authorization).toBeUndefined();
  const about = { tenant: 'default', digest, path: 'default/x/image.png', mediaType: 'image/png' };
  const disposition = 'inline; filename="image.png"';
  expect(links).toEqual([{ ...about, disposition, expiresInMs: 300_000 }]);
});

test('only images are shown in place, and only who asks is redirected', async () => {
  const { world, id, links, store, artifacts } = await open(true);
  const url = `/v1/jobs/${id}/tasks/0/artifacts`;
  const redirected = await world.get(`${url}/page?redirect=true`);
  expect(redirected.status).toBe(307);
  expect(redirected.headers).toMatchObject({ location: store, 'cache-control': 'private, no-store' });
  expect(links.map(({ disposition }) => disposition)).toEqual(['attachment; filename="page.html"']);
  expect((await world.get(`${url}/image`)).status).toBe(200);
  expect((await world.get(`${url}/image?redirect=false`)).status).toBe(200);
  expect((await world.get(`${url}/image?redirect=yes`)).status).toBe(422);
  await artifacts.delete('default', digest);
  expect((await world.get(`${url}/image?redirect=true`)).json.code).toBe('ArtifactNotFound');
});

test('a store that clients cannot reach is read through the API', async () => {
  const { client, id, seen } = await open(false);
  expect(await client.downloadArtifact(id, 0, 'image', { redirect: true })).toMatchObject({ digest });
  expect(seen).toEqual([]);
});

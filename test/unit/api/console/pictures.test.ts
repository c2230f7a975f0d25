// Pictures and links of the console, which cannot send `Genwarden-Namespace`: who may read any tenant's jobs sees those of all tenants.

import { expect, onTestFinished, test } from 'vitest';
import { createToken } from '../../../../src/api/auth/createToken.ts';
import type { Scope } from '../../../../src/api/auth/principal.ts';
import { tokenStore } from '../../../../src/api/auth/tokenStore.ts';
import { apiWorld, type ApiWorld } from '../../../fakes/apiWorld.ts';
import { start } from '../../../fakes/tasks.ts';
import { cluster } from '../auth/stage.ts';

const picture = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' };
const link = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
const script = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' };

/** `ArtifactNotFound` shows that the job was found; it has no artifacts. */
const read = async (world: ApiWorld, id: string, headers: Record<string, string>): Promise<string> =>
  (await world.get(`/v1/jobs/${id}/tasks/0/artifacts/image`, headers)).json.code;

async function submitTo(world: ApiWorld, headers: Record<string, string>): Promise<string> {
  const { json } = await world.post('/v1/jobs', { kind: 'image', input: { prompt: 'a yard' } }, headers);
  return json.id;
}

function owned(scopes: readonly Scope[], fill: number) {
  const about = { name: `n${fill}`, tenant: 'team-a', scopes, createdAt: start };
  const { token, entry } = createToken(about, (bytes) => Buffer.alloc(bytes, fill));
  return { entry: { ...entry, id: `id-${fill}` }, headers: { authorization: `Bearer ${token}` } };
}

test('an administrator sees the pictures of every tenant, others their own', async () => {
  const [admin, reader] = [owned(['admin'], 1), owned(['jobs:read'], 2)];
  const world = await apiWorld({ auth: tokenStore([admin.entry, reader.entry]) });
  onTestFinished(() => world[Symbol.asyncDispose]());
  const id = await submitTo(world, { ...admin.headers, 'genwarden-namespace': 'team-b' });
  for (const kind of [picture, link]) {
    expect(await read(world, id, { ...kind, ...admin.headers })).toBe('ArtifactNotFound');
    expect(await read(world, id, { ...kind, ...reader.headers })).toBe('JobNotFound');
  }
  expect(await read(world, id, { ...script, ...admin.headers })).toBe('JobNotFound');
  expect(await read(world, id, admin.headers)).toBe('JobNotFound');
  expect(await read(world, id, { ...picture, ...admin.headers, 'genwarden-namespace': 'team-c' })).toBe('JobNotFound');
  const other = await world.get(`/v1/jobs/${id}`, { ...link, ...admin.headers });
  expect(other.json.code).toBe('JobNotFound');
  const own = await submitTo(world, admin.headers);
  expect(await read(world, own, { ...picture, ...reader.headers })).toBe('ArtifactNotFound');
});

test('without authentication pages of the API see them, pages of other sites do not', async () => {
  const world = await apiWorld();
  onTestFinished(() => world[Symbol.asyncDispose]());
  const id = await submitTo(world, { 'genwarden-namespace': 'team-b' });
  expect(await read(world, id, picture)).toBe('ArtifactNotFound');
  expect(await read(world, id, { ...picture, 'sec-fetch-site': 'cross-site' })).toBe('CrossSiteRequest');
});

test('a Kubernetes user sees those of all namespaces only if the cluster allows it', async () => {
  const { world, ...at } = await cluster();
  onTestFinished(() => at[Symbol.asyncDispose]());
  const as = (token: string) => ({ authorization: `Bearer ${token}` });
  const id = await submitTo(world, { ...as('bob-token'), 'genwarden-namespace': 'team-b' });
  expect(await read(world, id, { ...picture, ...as('boss-token') })).toBe('ArtifactNotFound');
  expect(await read(world, id, { ...picture, ...as('bot-token') })).toBe('JobNotFound');
});

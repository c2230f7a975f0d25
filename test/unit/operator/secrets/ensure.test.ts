// The Secrets that the operator's init container creates: what is missing, once, and never over what exists.
import { describe, expect, test } from 'vitest';
import { parseTokens } from '../../../../src/api/auth/tokenStore.ts';
import { configMapType, type Secret, secretType } from '../../../../src/operator/resources/builtInKinds.ts';
import { ensureSecrets } from '../../../../src/operator/secrets/ensure.ts';
import type { SecretsFile } from '../../../../src/operator/secrets/file.ts';
import { KubeError } from '../../../../src/ports/kubernetes.ts';
import { FakeCluster } from '../../../fakes/cluster.ts';

const namespace = 'genwarden';
const labels = { app: 'genwarden' };
const file: SecretsFile = {
  ownerConfigMap: 'owner',
  secrets: [
    { name: 'nats', labels, generate: 'passwords', entries: ['api-password', 'worker-password'] },
    { name: 'token', labels, generate: 'adminToken' },
  ],
};

function stage() {
  const cluster = new FakeCluster();
  const owner = cluster.put(configMapType, { metadata: { name: 'owner', namespace } });
  let count = 0;
  const context = {
    cluster,
    namespace,
    random: (bytes: number) => new Uint8Array(bytes).fill((count += 1)),
    adminToken: (known: string | undefined) => ({ token: known ?? 'gw_new', file: `hash of ${known ?? 'gw_new'}` }),
  };
  const entriesOf = (name: string): Record<string, string> => {
    const data = cluster.peek<Secret>(secretType, { namespace, name })?.data ?? {};
    return Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
    );
  };
  const put = (name: string, entries: Record<string, string>) => {
    const encoded = Object.entries(entries).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
    return cluster.put(secretType, { metadata: { name, namespace }, data: Object.fromEntries(encoded) });
  };
  return { cluster, owner, context, entriesOf, put, ensure: () => ensureSecrets(context, file) };
}

test('creates them once, owned by the ConfigMap of the release', async () => {
  const { cluster, owner, ensure, entriesOf } = stage();
  expect((await ensure()).map(({ name, outcome }) => `${name} ${outcome}`)).toEqual(['nats created', 'token created']);
  const { metadata } = cluster.peek(secretType, { namespace, name: 'nats' })!;
  expect(metadata.labels).toEqual(labels);
  expect(metadata.ownerReferences).toEqual([
    { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid },
  ]);
  const first = entriesOf('nats');
  expect(first['api-password']).toMatch(/^p[0-9a-f]{64}$/);
  expect(first['api-password']).not.toBe(first['worker-password']);
  expect(entriesOf('token')).toEqual({ token: 'gw_new', 'tokens.json': 'hash of gw_new' });
  expect((await ensure()).map(({ outcome }) => outcome)).toEqual(['unchanged', 'unchanged']);
  expect(entriesOf('nats')).toEqual(first);
});

describe('a Secret that exists', () => {
  test('keeps its entries, and gets those that are missing', async () => {
    const { ensure, put, entriesOf, cluster } = stage();
    put('nats', { 'api-password': 'mine', other: 'x' });
    expect((await ensure())[0]).toEqual({ name: 'nats', outcome: 'completed', entries: ['worker-password'] });
    expect(entriesOf('nats')).toMatchObject({ 'api-password': 'mine', other: 'x' });
    expect(cluster.peek(secretType, { namespace, name: 'nats' })!.metadata.ownerReferences).toBe(undefined);
  });

  test('with a token alone gets its hash; with hashed tokens alone it stays', async () => {
    const { ensure, put, entriesOf } = stage();
    put('token', { token: 'gw_mine' });
    await ensure();
    expect(entriesOf('token')).toEqual({ token: 'gw_mine', 'tokens.json': 'hash of gw_mine' });
    put('token', { 'tokens.json': 'others' });
    await ensure();
    expect(entriesOf('token')).toEqual({ 'tokens.json': 'others' });
  });

  test('is not overwritten when another operator creates it at the same time', async () => {
    const { context, cluster, put, entriesOf } = stage();
    const get = cluster.get.bind(cluster);
    let raced = false;
    cluster.get = async (type, key) => {
      const found = await get<never>(type, key);
      if (key.name === 'nats' && !raced) {
        raced = true;
        put('nats', { 'api-password': 'theirs', 'worker-password': 'theirs' });
      }
      return found;
    };
    const [nats] = await ensureSecrets(context, file);
    expect(nats!.outcome).toBe('unchanged');
    expect(entriesOf('nats')).toEqual({ 'api-password': 'theirs', 'worker-password': 'theirs' });
  });
});

test('without its owner, or the right to create, it fails with the reason', async () => {
  const { cluster, ensure } = stage();
  cluster.fail(new KubeError(403, 'Forbidden', 'secrets is forbidden'), { matches: ({ verb }) => verb === 'create' });
  await expect(ensure()).rejects.toThrow('secrets is forbidden');
  cluster.remove(configMapType, { namespace, name: 'owner' });
  await expect(ensure()).rejects.toThrow('ConfigMap owner, the owner of the secrets, does not exist');
});

test('the tokens file of the process is one that the API reads', async () => {
  const { adminToken } = await import('../../../../src/processes/ensuredToken.ts');
  const { token, file: text } = adminToken(undefined);
  expect(parseTokens(text, 'it')).toMatchObject([{ id: 'tok_admin', scopes: ['admin'] }]);
  const hashIn = (tokens: string): string => parseTokens(tokens, 'it')[0]!.hash;
  expect(hashIn(adminToken(token).file)).toBe(hashIn(text));
});

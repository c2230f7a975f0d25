// Token reviews: how often the API server is asked, how long answers count, and what happens when it does not answer.

import { describe, expect, test } from 'vitest';
import { apiServerAddress, installationNamespace, openReviews } from '../../../../src/adapters/kubernetes/index.ts';
import { FakeReviews } from '../../../fakes/fakeReviews.ts';
import { selfSigned } from '../../../support/selfSigned.ts';
import { as, cluster, code, users } from './stage.ts';

describe('the API server', () => {
  test('is asked once for concurrent requests, and again after seconds', async () => {
    await using at = await cluster();
    const many = () =>
      Promise.all(Array.from({ length: 20 }, () => at.world.get('/v1/jobs', as('ann-token', 'team-a'))));
    expect((await many()).map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(at.server.asked).toEqual(['SelfSubjectReview', 'SelfSubjectAccessReview']);
    at.later(4_999);
    await many();
    expect(at.server.asked).toHaveLength(2);
    at.server.users.delete('ann-token');
    at.later(1);
    expect(code(await at.world.get('/v1/jobs', as('ann-token', 'team-a')))).toBe('401 Unauthorized');
    expect(at.server.asked).toHaveLength(3);
    at.server.users.set('ann-token', users['ann-token']!);
    at.later(2_000);
    expect((await at.world.get('/v1/jobs', as('ann-token', 'team-a'))).status).toBe(200);
  });

  test('a revoked right is lost within seconds', async () => {
    await using at = await cluster();
    expect((await at.world.get('/v1/jobs', as('ann-token', 'team-a'))).status).toBe(200);
    at.server.users.set('ann-token', { username: 'ann', rules: [] });
    at.later(5_000);
    expect(code(await at.world.get('/v1/jobs', as('ann-token', 'team-a')))).toBe('403 Forbidden');
  });

  test('unreachable, failing or refusing: 503 or 403, never 401, and no failure is cached', async () => {
    await using at = await cluster();
    const ask = async () => code(await at.world.get('/v1/jobs', as('ann-token', 'team-a')));
    for (const broken of [500, 429, 404]) {
      at.server.broken = broken;
      expect([broken, await ask()]).toEqual([broken, '503 KubernetesUnavailable']);
    }
    at.server.broken = 403;
    expect(await ask()).toBe('403 Forbidden');
    at.server.broken = undefined;
    expect(await ask()).toBe('200');
    await at.server.close();
    at.later(5_000);
    const away = await at.world.get('/v1/jobs', as('ann-token', 'team-a'));
    expect(away).toMatchObject({
      status: 503,
      json: { code: 'KubernetesUnavailable' },
      headers: { 'retry-after': '1' },
    });
    expect(JSON.stringify(away.json)).not.toContain('ann-token');
  });

  test('a user has the same rate limit as a token', async () => {
    await using at = await cluster();
    const tries = Array.from({ length: 420 }, () => at.world.get('/v1/jobs', as('ann-token', 'team-a')));
    const counts = (await Promise.all(tries)).map(code);
    expect(counts.filter((each) => each === '429 TooManyRequests').length).toBeGreaterThan(10);
    expect((await at.world.get('/v1/jobs', as('bob-token', 'team-b'))).status).toBe(200);
  });

  test('is trusted only if its certificate authority is', async () => {
    await using server = await FakeReviews.start(selfSigned);
    server.users.set('ann-token', users['ann-token']!);
    const open = (ca: string | undefined) => openReviews({ url: server.url, ca, version: '1.2.3' });
    const [trusting, careful] = [open(selfSigned.cert), open(undefined)];
    expect(await trusting.userOf('ann-token')).toEqual({ name: 'ann', namespace: undefined });
    await expect(careful.userOf('ann-token')).rejects.toMatchObject({ code: 'KubernetesUnavailable' });
    trusting.close();
    careful.close();
  });

  test('a silent API server is given up after the timeout', async () => {
    await using server = await FakeReviews.start();
    server.broken = 'silent';
    const silent = openReviews({ url: server.url, ca: undefined, version: '1.2.3', timeoutMs: 50 });
    await expect(silent.userOf('a-token')).rejects.toMatchObject({
      code: 'KubernetesUnavailable',
      message: expect.stringContaining('no answer within 50 ms') as string,
    });
    silent.close();
  });
});

describe('where the API server is', () => {
  const files = (known: Record<string, string>) => (path: string) => {
    if (known[path] === undefined) throw new Error('ENOENT');
    return known[path];
  };
  const pod = '/var/run/secrets/kubernetes.io/serviceaccount';

  test('in a pod it comes from Kubernetes; settings take precedence', () => {
    const env = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };
    const mounted = files({ [`${pod}/ca.crt`]: 'PEM', [`${pod}/namespace`]: 'prod\n', '/ca': 'MINE' });
    expect(apiServerAddress({}, env, mounted)).toEqual({ url: 'https://10.96.0.1:443', ca: 'PEM' });
    expect(installationNamespace(undefined, mounted)).toBe('prod');
    const set = { url: 'https://k8s:6443', ca: '/ca' };
    expect(apiServerAddress(set, env, mounted)).toEqual({ url: 'https://k8s:6443', ca: 'MINE' });
    expect(installationNamespace('here', mounted)).toBe('here');
    expect(apiServerAddress({}, { KUBERNETES_SERVICE_HOST: 'fd00::1' }, files({}))).toEqual({
      url: 'https://[fd00::1]:443',
      ca: undefined,
    });
    expect(installationNamespace(undefined, files({}))).toBe('default');
  });

  test('outside a pod it must be set; a missing CA file is named', () => {
    expect(() => apiServerAddress({}, {}, files({}))).toThrow(/GENWARDEN_KUBERNETES_URL/);
    expect(() => apiServerAddress({ url: 'https://k8s', ca: '/ca' }, {}, files({}))).toThrow(/KUBERNETES_CA=\/ca/);
  });
});

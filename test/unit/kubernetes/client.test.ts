// The client against a scripted API server: pages, broken watches, silence, answers of proxies, rotated tokens.
import { writeFileSync } from 'node:fs';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { WatchEvent } from '../../../src/ports/kubernetes.ts';
import { loadKubeconfig } from '../../../src/adapters/kubernetes/index.ts';
import { failed, json, serving, servingWithin, type Answer } from './scriptedServer.ts';

const pools = { group: 'genwarden.dev', version: 'v1alpha1', kind: 'WorkerPool', plural: 'workerpools' };
const maps = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps' };
const key = { namespace: 'n', name: 'a' };
const applied = { apiVersion: 'v1', kind: 'ConfigMap', metadata: key, data: { x: '1' } };

const page = (names: string[], next: string): Answer =>
  json({
    kind: 'ConfigMapList',
    apiVersion: 'v1',
    metadata: { resourceVersion: '7', continue: next },
    items: names.map((name) => ({ metadata: { name, managedFields: [{ manager: 'x' }] } })),
  });

test('a list reads all pages and adds apiVersion and kind to its objects', async () => {
  const { cluster, asked } = await serving(page(['a', 'b'], 'more'), page(['c'], ''));
  const { items, resourceVersion } = await cluster.list(maps, { labelSelector: 'x=y,!z' });
  expect(items).toEqual(['a', 'b', 'c'].map((name) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } })));
  expect(resourceVersion).toBe('7');
  expect(asked.map(({ url }) => [url.pathname, ...url.searchParams].flat().join(' '))).toEqual([
    '/api/v1/configmaps labelSelector x=y,!z limit 2',
    '/api/v1/configmaps labelSelector x=y,!z limit 2 continue more',
  ]);
});

test('a list whose pages expire is requested again as a single page', async () => {
  const { cluster, asked } = await serving(
    page(['a', 'b'], 'more'),
    failed(410, 'Expired', 'too old'),
    page(['a', 'b', 'c'], ''),
  );
  expect((await cluster.list(maps, { namespace: 'n' })).items).toHaveLength(3);
  expect(asked[2]!.url.href).toBe('http://server/api/v1/namespaces/n/configmaps');
});

test('writes are server-side applies, merge patches and conditional deletes', async () => {
  const { cluster, asked } = await serving(json({ metadata: key }));
  await cluster.apply(maps, applied);
  await cluster.applyStatus(pools, { ...applied, status: {} });
  await cluster.annotate(maps, key, { a: null });
  await cluster.delete(maps, key, { uid: 'u' });
  const seen = asked.map(({ method, url, headers, body }) => [
    method,
    url.pathname + url.search,
    headers['content-type'],
    body,
  ]);
  const force = '?fieldManager=genwarden-operator&force=true';
  expect(seen).toEqual([
    ['PATCH', `/api/v1/namespaces/n/configmaps/a${force}`, 'application/apply-patch+yaml', applied],
    [
      'PATCH',
      `/apis/genwarden.dev/v1alpha1/namespaces/n/workerpools/a/status${force}`,
      'application/apply-patch+yaml',
      { ...applied, status: {} },
    ],
    [
      'PATCH',
      '/api/v1/namespaces/n/configmaps/a?fieldManager=genwarden-operator',
      'application/merge-patch+json',
      { metadata: { annotations: { a: null } } },
    ],
    [
      'DELETE',
      '/api/v1/namespaces/n/configmaps/a',
      'application/json',
      { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background', preconditions: { uid: 'u' } },
    ],
  ]);
  expect(asked[0]!.headers).toMatchObject({ authorization: 'Bearer first', 'user-agent': 'genwarden-operator/1.2.3' });
});

test('errors carry status and reason, from the API server or a proxy; each answer is counted', async () => {
  const { cluster, registry, server } = await serving(
    failed(403, 'Forbidden', 'configmaps is forbidden'),
    (_asked, response) => void response.writeHead(503).end('<html>upstream gone</html>'),
    failed(409, 'Conflict', 'the uid is another'),
    failed(404, 'NotFound', 'gone'),
    () => undefined,
  );
  await expect(cluster.apply(maps, applied)).rejects.toMatchObject({
    status: 403,
    reason: 'Forbidden',
    message: 'configmaps is forbidden',
  });
  await expect(cluster.list(maps, {})).rejects.toMatchObject({
    status: 503,
    message: expect.stringContaining('upstream gone'),
  });
  expect(await cluster.delete(maps, key, { uid: 'u' })).toBe(false);
  expect(await cluster.get(maps, key)).toBeUndefined();
  await expect(cluster.get(maps, key)).rejects.toMatchObject({
    status: 0,
    reason: 'Timeout',
    message: expect.stringContaining('800 ms'),
  });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await expect(cluster.get(maps, key)).rejects.toMatchObject({ status: 0, reason: 'Unreachable' });
  const text = await registry.metrics();
  for (const [code, method, count] of [
    ['403', 'PATCH', 1],
    ['503', 'GET', 1],
    ['409', 'DELETE', 1],
    ['404', 'GET', 1],
    ['0', 'GET', 2],
  ])
    expect(text).toContain(
      `rest_client_requests_total{code="${code}",method="${method}",host="${cluster.host}"} ${count}`,
    );
});

test('an answer that breaks off counts as no answer', async () => {
  const { cluster } = await serving((_asked, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('{"metadata":');
    setImmediate(() => response.destroy());
  });
  await expect(cluster.get(maps, key)).rejects.toMatchObject({ name: 'KubeError', status: 0 });
});

test('a request on a kept connection that the server has closed is sent again', async () => {
  let requests = 0;
  const once: Answer = (asked, response, request) => {
    requests += 1;
    if (requests === 2) request.socket.resetAndDestroy();
    else json({ metadata: key })(asked, response, request);
  };
  const { cluster } = await serving(once);
  await cluster.apply(maps, applied);
  await cluster.apply(maps, applied);
  expect(requests).toBe(3);
});

test('a token renewed in its file is used within a minute', async () => {
  const { cluster, asked, token } = await serving(json({ metadata: key }));
  await cluster.get(maps, key);
  writeFileSync(token, 'second');
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
  onTestFinished(() => void vi.useRealTimers());
  await cluster.get(maps, key);
  expect(asked.map(({ headers }) => headers.authorization)).toEqual(['Bearer first', 'Bearer second']);
});

/** Collects the events of a watch until it ends; throws what the watch throws. */
async function watched(cluster: Awaited<ReturnType<typeof serving>>['cluster'], events: WatchEvent<never>[] = []) {
  const request = { namespace: 'n', resourceVersion: '5' };
  for await (const event of cluster.watch<never>(maps, request, new AbortController().signal)) events.push(event);
  return events;
}

const line = (type: string, object: object): string => `${JSON.stringify({ type, object })}\n`;

test('a watch is read line by line, wherever chunks end', async () => {
  const text = Buffer.from(
    line('ADDED', { metadata: { name: 'ä', resourceVersion: '6' } }) +
      line('BOOKMARK', { metadata: { resourceVersion: '9' } }) +
      line('DELETED', { metadata: { name: 'ä', resourceVersion: '10', managedFields: [] } }),
  );
  const { cluster, asked } = await serving(async (_asked, response) => {
    response.writeHead(200);
    for (let at = 0; at < text.length; at += 7) {
      response.write(text.subarray(at, at + 7));
      await new Promise(setImmediate);
    }
    response.end();
  });
  expect(await watched(cluster)).toEqual([
    { event: 'added', object: { metadata: { name: 'ä', resourceVersion: '6' } } },
    { event: 'bookmark', resourceVersion: '9' },
    { event: 'deleted', object: { metadata: { name: 'ä', resourceVersion: '10' } } },
  ]);
  expect(Object.fromEntries(asked[0]!.url.searchParams)).toEqual({
    watch: 'true',
    allowWatchBookmarks: 'true',
    timeoutSeconds: expect.stringMatching(/^(2[7-9]\d|300)$/),
    resourceVersion: '5',
  });
});

test('a watch that is refused, receives an error or breaks throws after delivering earlier events', async () => {
  const added = line('ADDED', { metadata: { name: 'a', resourceVersion: '6' } });
  const { cluster } = await serving(
    failed(410, 'Expired', 'too old resource version'),
    (_asked, response) =>
      void response.end(added + line('ERROR', { code: 410, reason: 'Expired', message: 'compacted' })),
    (_asked, response) => {
      response.write(added);
      setTimeout(() => response.destroy(), 10);
    },
    (_asked, response) => void response.end(`${added}{"type":"MODI`),
    () => undefined,
  );
  const expected = [
    { status: 410, reason: 'Expired' },
    { status: 410, reason: 'Expired', message: 'compacted' },
    { status: 0, reason: 'WatchBroken' },
    { status: 0, reason: 'WatchBroken' },
    { status: 0, reason: 'Timeout' },
  ];
  for (const [index, error] of expected.entries()) {
    const events: WatchEvent<never>[] = [];
    await expect(watched(cluster, events)).rejects.toMatchObject({ name: 'KubeError', ...error });
    expect(events).toHaveLength([0, 1, 1, 1, 0][index]!);
  }
});

test('a followed log may stay silent for longer than an answer may take', async () => {
  const late: Answer = (_asked, response) => void setTimeout(() => response.end('2026-01-01T00:00:00Z hello\n'), 100);
  const { cluster, asked } = await servingWithin(20, late);
  await expect(cluster.get(maps, key)).rejects.toMatchObject({ status: 0, reason: 'Timeout' });
  const request = { ...key, container: 'worker', since: '2026-01-01T00:00:00Z', follow: true };
  expect(await Array.fromAsync(cluster.log(request, new AbortController().signal))).toEqual(['hello']);
  expect(asked[1]!.url.pathname + asked[1]!.url.search).toBe(
    '/api/v1/namespaces/n/pods/a/log?container=worker&timestamps=true&sinceTime=2026-01-01T00%3A00%3A00Z&follow=true',
  );
});

test('an abort ends a watch at once and closes its connection', async () => {
  const closed = Promise.withResolvers<void>();
  const { cluster } = await serving((_asked, response) => {
    response.on('close', () => closed.resolve());
    response.write(line('ADDED', { metadata: { name: 'a', resourceVersion: '6' } }));
  });
  const stop = new AbortController();
  const seen: unknown[] = [];
  for await (const event of cluster.watch(maps, { resourceVersion: '5' }, stop.signal)) {
    seen.push(event);
    stop.abort();
  }
  expect(seen).toHaveLength(1);
  await closed.promise;
});

test('a kubeconfig that cannot be read is reported at once', async () => {
  vi.stubEnv('KUBECONFIG', '/nowhere/missing');
  onTestFinished(() => void vi.unstubAllEnvs());
  await expect(loadKubeconfig('InvalidConfiguration')).rejects.toMatchObject({ code: 'InvalidConfiguration' });
});

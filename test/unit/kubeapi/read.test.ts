// Discovery, lists, tables, selectors and rights of the aggregated API.
import { describe, expect, test } from 'vitest';
import { succeeded } from '../../../src/job/transitions.ts';
import { kubeWorld, root } from './kubeApiWorld.ts';

describe('documents', () => {
  test('discovery names jobs, and not that they can be deleted', async () => {
    await using kube = await kubeWorld();
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
    const found = await kube.ask('/apis', { accept });
    expect(found.headers['content-type']).toBe('application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList');
    const [version] = found.json.items[0].versions;
    expect(version).toMatchObject({
      version: 'jobs-v1alpha1',
      resources: [{ resource: 'jobs', verbs: ['get', 'list', 'watch'] }],
    });
    expect((await kube.ask('/apis')).json).toMatchObject({ kind: 'APIGroupList' });
    expect((await kube.ask('/apis/genwarden.dev')).json).toMatchObject({ kind: 'APIGroup', name: 'genwarden.dev' });
    expect((await kube.ask(root)).json).toMatchObject({ kind: 'APIResourceList', resources: [{ name: 'jobs' }] });
    expect(kube.reviewed).toEqual([]);
  });

  test('every reference of the OpenAPI documents leads to a schema', async () => {
    await using kube = await kubeWorld();
    const index = (await kube.ask('/openapi/v3')).json.paths['apis/genwarden.dev/jobs-v1alpha1'].serverRelativeURL;
    const v3 = (await kube.ask(index)).json;
    const v2 = (await kube.ask('/openapi/v2')).json;
    const refsIn = (document: unknown) =>
      [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, to]) => to!);
    for (const document of [v2, v3]) {
      expect(refsIn(document).length).toBeGreaterThan(3);
      for (const to of refsIn(document)) expect(to.split('/').reduce((at, key) => at?.[key], document)).toBeDefined();
    }
  });

  test('without the front proxy only the probes are answered', async () => {
    await using kube = await kubeWorld();
    expect(await kube.ask('/readyz', { user: undefined })).toMatchObject({ status: 200, json: 'ok' });
    for (const path of ['/apis', '/openapi/v2', `${root}/jobs`])
      expect(await kube.ask(path, { user: undefined })).toMatchObject({
        status: 401,
        json: { reason: 'Unauthorized' },
      });
  });
});

describe('lists', () => {
  test('every job is listed, newest first, in pages of one version', async () => {
    await using kube = await kubeWorld();
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      await kube.world.clock.advance(1_000);
      ids.unshift(await kube.world.submit());
    }
    const first = (await kube.ask('jobs?limit=2')).json;
    expect(first).toMatchObject({ kind: 'JobList', apiVersion: 'genwarden.dev/jobs-v1alpha1' });
    const { resourceVersion, continue: next } = first.metadata;
    // Submitted between the pages: a watch from the list's version tells it.
    const late = await kube.world.submit();
    const second = (await kube.ask(`jobs?limit=2&continue=${next}`)).json;
    const third = (await kube.ask(`jobs?limit=2&continue=${second.metadata.continue}`)).json;
    const names = [first, second, third].flatMap(({ items }) =>
      items.map((item: { metadata: { name: string } }) => item.metadata.name),
    );
    expect(names).toEqual(ids);
    expect([second, third].map(({ metadata }) => metadata.resourceVersion)).toEqual([resourceVersion, resourceVersion]);
    expect(third.metadata.continue).toBeUndefined();
    const watch = await kube.watch(`jobs?watch=true&resourceVersion=${resourceVersion}`);
    expect(await watch.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: late } } });
    watch.stop();
  });

  test('a table has the columns of kubectl, and one job is found by its name', async () => {
    await using kube = await kubeWorld();
    const id = await kube.world.submit({ tasks: [{ name: 'a' }, { name: 'b' }], labels: { project: 'p42' } });
    await kube.world.claim(id, 0);
    await kube.world.finish(id, 0, (state, now) => succeeded(state, now));
    await kube.world.clock.advance(185_000);
    expect(await kube.rows('namespaces/default/jobs')).toEqual([
      [id, 'queued', '1/2', 'default', '3m5s', 'Submitted', 'image', 'gemini-3.1-flash-image', 'normal'],
    ]);
    const one = (await kube.ask(`namespaces/default/jobs/${id}`)).json;
    expect(one).toMatchObject({
      kind: 'Job',
      metadata: { name: id, namespace: 'default', labels: { project: 'p42' } },
      spec: { tenant: 'default', pool: 'default', kind: 'image' },
      status: { state: 'queued', tasks: { total: 2, succeeded: 1, queued: 1, done: '1/2' } },
    });
    expect(one.status.conditions).toContainEqual(expect.objectContaining({ type: 'Finished', status: 'False' }));
    expect(await kube.ask(`namespaces/other/jobs/${id}`)).toMatchObject({ status: 404, json: { reason: 'NotFound' } });
    expect(await kube.ask('namespaces/default/jobs/none')).toMatchObject({
      status: 404,
      json: { message: 'jobs.genwarden.dev "none" not found' },
    });
  });

  test('labels, fields and namespaces select; what cannot be parsed is refused', async () => {
    await using kube = await kubeWorld();
    const [a, b] = [
      await kube.world.submit({ labels: { project: 'p1' } }),
      await kube.world.submit({ pool: 'drawings', model: 'gpt-image-1' }),
    ];
    await kube.world.claim(a);
    const named = async (query: string) =>
      (await kube.rows(`jobs?${query}`)).map(([name]) => name!).toSorted((one, other) => one.localeCompare(other));
    const both = [a, b].toSorted((one, other) => one.localeCompare(other));
    const expected: Record<string, string[]> = {
      'labelSelector=project%3Dp1': [a],
      'labelSelector=project!%3Dp1': [b],
      'labelSelector=project in (p1, p2)': [a],
      'labelSelector=project notin (p2),!other': both,
      'labelSelector=project': [a],
      'labelSelector=!project': [b],
      'fieldSelector=status.state%3Drunning': [a],
      'fieldSelector=status.state!%3Drunning': [b],
      'fieldSelector=status.state%3Drunning,status.state%3Dqueued': [],
      'fieldSelector=spec.pool%3Ddrawings': [b],
      [`fieldSelector=metadata.name%3D${a},metadata.namespace%3Ddefault`]: [a],
      'fieldSelector=metadata.namespace%3Dother': [],
    };
    for (const [query, names] of Object.entries(expected)) expect([query, await named(query)]).toEqual([query, names]);
    for (const query of [
      'labelSelector=a==b==c',
      'fieldSelector=spec.model%3Dx',
      'fieldSelector=status.state%3Dfast',
      'limit=x',
      'continue=x',
    ])
      expect([query, (await kube.ask(`jobs?${query}`)).status]).toEqual([query, 400]);
    expect((await kube.ask('jobs', { accept: 'application/yaml' })).status).toBe(406);
  });

  test('a tenant whose name cannot be a namespace has one derived from it', async () => {
    await using kube = await kubeWorld();
    const body = { kind: 'image', input: { prompt: 'a yard' } };
    await kube.world.post('/v1/jobs', body, { 'genwarden-namespace': 'Acme_Corp' });
    const [item] = (await kube.ask('jobs')).json.items;
    expect(item.metadata.namespace).toMatch(/^acme-corp-[0-9a-f]{8}$/);
    expect(item.spec.tenant).toBe('Acme_Corp');
    expect(await kube.rows(`namespaces/${item.metadata.namespace}/jobs`)).toHaveLength(1);
    expect(await kube.rows('namespaces/default/jobs')).toEqual([]);
  });

  test('a version of another stream has expired, and one of the future is too large', async () => {
    await using kube = await kubeWorld();
    await kube.world.submit();
    const { resourceVersion, continue: none } = (await kube.ask('jobs')).json.metadata;
    expect(none).toBeUndefined();
    const other = `${Number(resourceVersion[0]) === 9 ? 1 : Number(resourceVersion[0]) + 1}${resourceVersion.slice(1)}`;
    expect(await kube.ask(`jobs?resourceVersion=${other}`)).toMatchObject({ status: 410, json: { reason: 'Expired' } });
    expect((await kube.watch(`jobs?watch=1&resourceVersion=${other}`)).status).toBe(410);
    expect((await kube.ask(`jobs?resourceVersion=${resourceVersion}&resourceVersionMatch=Exact`)).status).toBe(200);
    await kube.world.submit();
    expect((await kube.ask(`jobs?resourceVersion=${resourceVersion}&resourceVersionMatch=Exact`)).status).toBe(410);
    expect((await kube.ask(`jobs?resourceVersion=${resourceVersion}&resourceVersionMatch=NotOlderThan`)).status).toBe(
      200,
    );
  });
});

describe('rights', () => {
  test('each request is reviewed as what it does, and a refusal says what is missing', async () => {
    await using kube = await kubeWorld(({ namespace }) => namespace === 'default');
    const id = await kube.world.submit();
    expect((await kube.ask('namespaces/default/jobs')).status).toBe(200);
    await kube.ask('namespaces/default/jobs');
    expect(await kube.ask('jobs')).toMatchObject({
      status: 403,
      json: {
        reason: 'Forbidden',
        message:
          'jobs.genwarden.dev is forbidden: User "admin" cannot list resource "jobs" in API group "genwarden.dev" at the cluster scope',
      },
    });
    expect((await kube.ask(`namespaces/other/jobs/${id}`, { method: 'DELETE' })).status).toBe(403);
    const common = { group: 'genwarden.dev', version: 'jobs-v1alpha1', resource: 'jobs' };
    expect(kube.reviewed.map(({ access }) => access)).toEqual([
      { ...common, verb: 'list', namespace: 'default' },
      { ...common, verb: 'list' },
      { ...common, verb: 'delete', namespace: 'other', name: id },
    ]);
    for (const method of ['POST', 'PUT', 'PATCH'])
      expect((await kube.ask('namespaces/default/jobs', { method })).status).toBe(405);
    expect((await kube.ask('jobs', { method: 'DELETE' })).status).toBe(405);
  });
});

// `kubectl get jobs.genwarden.dev`: the aggregated API, through the aggregation layer of a real API server.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startProcess } from '../support/process.ts';
import { until } from '../support/until.ts';
import { installGenwarden, type InstalledGenwarden } from './support/genwarden.ts';
import { kubectl, tryKubectl } from './support/kubectl.ts';
import { testNamespace } from './support/namespace.ts';

const namespace = testNamespace('jobs-api');
const jobs = 'jobs.genwarden.dev';
let genwarden: InstalledGenwarden;

beforeAll(async () => {
  genwarden = await installGenwarden(namespace, {
    api: { replicas: 1, preStopSleepSeconds: 1 },
    jobsApi: { enabled: true },
  });
  await kubectl('wait', '--for=condition=Available', 'apiservice/jobs-v1alpha1.genwarden.dev', '--timeout=60s');
  // kubectl knows the resource once the API server has read the discovery document.
  await until(async () => (await tryKubectl(['get', jobs, '-A'])).code === 0, { what: 'discovery', timeoutMs: 60_000 });
});

afterAll(() => genwarden?.uninstall());

const submit = async (labels: Record<string, string> = {}, prompt = 'a yard'): Promise<string> =>
  (await genwarden.client.submit({ kind: 'image', input: { prompt }, labels })).id;

const stateOf = (id: string): Promise<string> =>
  kubectl('get', jobs, id, '-n', 'default', '-o', 'jsonpath={.status.state}');

test('kubectl lists jobs by HTTP with tables, selectors and pages, and leaves the jobs of Kubernetes alone', async () => {
  const ids = [await submit({ project: 'p1' }), await submit({ project: 'p2' }), await submit()];
  await kubectl('wait', '--for=condition=Finished', jobs, ...ids, '-n', 'default', '--timeout=60s');
  const all = await kubectl('get', jobs, '-A');
  expect(all).toMatch(/^NAMESPACE +NAME +STATE +DONE +POOL +AGE\n/);
  for (const id of ids) expect(all).toMatch(new RegExp(`^default +${id} +succeeded +1/1 +default +\\d+s$`, 'm'));
  const wide = await kubectl('get', jobs, '-n', 'default', '-o', 'wide', '-l', 'project=p1');
  expect(wide).toMatch(/^NAME +STATE +DONE +POOL +AGE +REASON +KIND +MODEL +PRIORITY\n/);
  expect(
    wide
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[0]),
  ).toEqual(['NAME', ids[0]]);
  const failed = await tryKubectl(['get', jobs, '-A', '--field-selector', 'status.state=failed']);
  expect(failed).toMatchObject({ code: 0, stdout: '', stderr: 'No resources found\n' });
  const paged = await kubectl('get', jobs, '-A', '--chunk-size=1', '-o', 'name');
  expect(paged.trim().split('\n').toSorted()).toEqual(ids.map((id) => `job.genwarden.dev/${id}`).toSorted());
  expect(await kubectl('get', 'jobs', '-n', 'default', '-o', 'name')).toBe('');
  expect(await kubectl('explain', `${jobs}.status.state`)).toContain('What the job is doing, or how it ended');
  expect(await kubectl('api-resources', '--api-group=genwarden.dev')).toMatch(
    /^jobs +gwjobs +genwarden.dev\/jobs-v1alpha1 +true +Job$/m,
  );
});

test('a watch by kubectl misses nothing while the API pod is replaced', async () => {
  const { metadata } = JSON.parse(await kubectl('get', '--raw', '/apis/genwarden.dev/jobs-v1alpha1/jobs?limit=1')) as {
    metadata: { resourceVersion: string };
  };
  const watch = await startProcess('kubectl', ['get', jobs, '-A', '-w', '--no-headers'], {
    readyWhen: /succeeded/,
    timeoutMs: 30_000,
  });
  const seen = await submit();
  await until(() => watch.lines.join('\n').includes(`${seen}   succeeded`), {
    what: 'the job in the watch',
    timeoutMs: 60_000,
  });
  await kubectl('rollout', 'restart', `deployment/${genwarden.fullname}-api`, '-n', namespace);
  const during: string[] = [seen];
  const restarted = kubectl(
    'rollout',
    'status',
    `deployment/${genwarden.fullname}-api`,
    '-n',
    namespace,
    '--timeout=120s',
  );
  let isOver = false;
  void restarted.finally(() => (isOver = true));
  while (!isOver) {
    const id = await until(() => submit().catch(() => false as const), { what: 'a submit', timeoutMs: 60_000 });
    during.push(id);
    // One job after the other: the stand-in is slow.
    await until(async () => (await stateOf(id).catch(() => '')) === 'succeeded', {
      what: 'its end',
      timeoutMs: 60_000,
    });
  }
  await restarted;
  await kubectl('wait', '--for=condition=Finished', jobs, ...during, '-n', 'default', '--timeout=90s');
  await watch.stop();
  // From the version before the restart, another pod tells the whole story. A watch at the old pod, which is closing, ends at once.
  const query = `watch=true&timeoutSeconds=5&resourceVersion=${metadata.resourceVersion}`;
  const told = async (): Promise<boolean> => {
    const events = await kubectl('get', '--raw', `/apis/genwarden.dev/jobs-v1alpha1/jobs?${query}`);
    const ended = events.split('\n').filter((line) => line.includes('"state":"succeeded"'));
    expect(events).not.toContain('"type":"ERROR"');
    return during.every((id) => ended.some((line) => line.includes(`"name":"${id}"`)));
  };
  await until(told, { what: 'the end of each job in one watch', timeoutMs: 60_000 });
});

test('kubectl delete cancels, and only those who may see and cancel jobs do', async () => {
  const id = await submit({}, 'a slow yard [standin: slow 60s]');
  const as = ['--as=jane', '--as-group=system:authenticated'];
  const refused = await tryKubectl(['get', jobs, '-n', 'default', ...as]);
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('User "jane" cannot list resource "jobs"') as string,
  });
  await kubectl('create', 'rolebinding', 'jane', '--clusterrole=view', '--user=jane', '-n', 'default');
  try {
    await until(async () => (await tryKubectl(['get', jobs, id, '-n', 'default', ...as])).code === 0, {
      what: 'the right',
      timeoutMs: 30_000,
    });
    expect((await tryKubectl(['get', jobs, '-A', ...as])).stderr).toContain('at the cluster scope');
    expect((await tryKubectl(['delete', jobs, id, '-n', 'default', ...as])).stderr).toContain(
      'cannot delete resource "jobs"',
    );
  } finally {
    await kubectl('delete', 'rolebinding', 'jane', '-n', 'default');
  }
  expect(await kubectl('delete', jobs, id, '-n', 'default', '--dry-run=server')).toMatch(
    /deleted .*\(server dry run\)/,
  );
  expect(await stateOf(id)).not.toBe('cancelled');
  expect(await kubectl('delete', jobs, id, '-n', 'default')).toContain(`job.genwarden.dev "${id}" deleted`);
  expect(await stateOf(id)).toBe('cancelled');
});

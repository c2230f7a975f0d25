// GenerationJobs in a real API server: their lifecycle, kubectl get and wait, and what happens to their jobs when the resource,
// its namespace or the operator is deleted. Genwarden's processes run beside the cluster, because no pod is needed.
import { beforeAll, expect, test } from 'vitest';
import { startProcess } from '../support/process.ts';
import { until } from '../support/until.ts';
import { applyDefinitions } from './support/genwarden.ts';
import { aJob, aScene, conditions, state, untilState } from './support/jobScene.ts';
import { apply, getObject, kubectl, listObjects, untilObject, waitForCondition } from './support/kubectl.ts';

beforeAll(applyDefinitions);

test('kubectl shows the lifecycle of an image, a text and a job of many tasks; jobs of the API create no resources', async () => {
  const { namespace, startOperator, client, jobs } = await aScene();
  await startOperator();
  const watch = await startProcess('kubectl', ['get', 'gj', '-n', namespace, '--watch', '-o', 'json']);
  const schema = { type: 'object', properties: { answer: { type: 'string' } }, required: ['answer'] };
  await apply(
    [
      aJob('image', { jobMetadata: { brand: 'b1' } }),
      aJob('text', { kind: 'text', input: { prompt: 'say something', schema } }),
      aJob('many', { tasks: Array.from({ length: 12 }, (_, at) => ({ name: `part-${at}` })) }),
    ],
    namespace,
  );
  for (const name of ['image', 'text', 'many']) {
    await waitForCondition(`gj/${name}`, 'Complete', namespace);
    await waitForCondition(`gj/${name}`, 'Finished', namespace);
  }
  const image = await getObject('gj', 'image', namespace);
  expect(image['status']).toMatchObject({ state: 'succeeded', reason: 'Succeeded', tasks: { total: 1, done: '1/1' } });
  expect(await client.get(image['status'].jobId)).toMatchObject({
    state: 'succeeded',
    labels: { project: 'p42' },
    metadata: { brand: 'b1' },
  });
  const described = await until(
    async () => {
      const shown = await kubectl('describe', 'gj', 'image', '-n', namespace);
      const events = shown.slice(shown.indexOf('Events:'));
      return ['Submitted', 'Running', 'Succeeded'].every((reason) => events.includes(` ${reason} `)) && events;
    },
    { what: 'events in kubectl describe', timeoutMs: 20_000, intervalMs: 250 },
  );
  expect(described).toMatch(/Submitted as job [0-9a-z]{26}/);
  const table = await kubectl('get', 'gj', '-n', namespace, '-o', 'wide');
  expect(table).toMatch(/many +succeeded +12\/12/);

  // The watch reports each status write as one modification.
  const versions = (name: string): number =>
    [
      ...watch.stdout.join('\n').matchAll(/"name": "([^"]+)",\s*"namespace": "[^"]+",\s*"resourceVersion": "(\d+)"/g),
    ].filter(([, of]) => of === name).length;
  for (const name of ['image', 'text']) {
    expect(versions(name), `versions of ${name}, its creation among them`).toBeLessThanOrEqual(5);
  }
  expect(versions('many')).toBeLessThanOrEqual(8);
  console.log(`Status writes: ${['image', 'text', 'many'].map((name) => `${name} ${versions(name) - 1}`).join(', ')}`);

  const submits = Array.from({ length: 100 }, (_, at) =>
    client.submit({ kind: 'text', input: { prompt: `say ${at}` } }),
  );
  await Promise.all(submits);
  await until(async () => (await client.listPage({ state: ['open'] })).items.length === 0, {
    what: 'the end of the jobs of the API',
    timeoutMs: 60_000,
  });
  expect(await jobs()).toHaveLength(103);
  expect(await listObjects('gj', namespace)).toHaveLength(3);
});

test('deleting a resource cancels its job, also while no operator runs', async () => {
  const { namespace, startOperator, jobs } = await aScene({ standinLatencyMs: 60_000 });
  const operator = await startOperator();
  await apply([aJob('one'), aJob('two'), aJob('three')], namespace);
  for (const name of ['one', 'two', 'three']) await untilState(name, namespace, 'running');
  const before = performance.now();
  await kubectl('delete', 'gj', 'one', '-n', namespace);
  const cancelled = async (): Promise<number> => (await jobs()).filter((job) => job.state === 'cancelled').length;
  await until(async () => (await cancelled()) === 1, { what: 'the cancel of one', timeoutMs: 20_000 });
  console.log(`Cancelled ${Math.round(performance.now() - before)} ms after kubectl delete began`);
  operator.kill('SIGKILL');
  await operator.exited;
  await kubectl('delete', 'gj', 'two', '-n', namespace);
  await startOperator();
  await until(async () => (await cancelled()) === 2, { what: 'the cancel of two', timeoutMs: 60_000 });
  expect(await state('three', namespace)).toBe('running');
  expect((await jobs()).map((job) => job.state).toSorted()).toEqual(['cancelled', 'cancelled', 'running']);
});

test('each resource is submitted once, even if an operator is killed during fifty submits or two operators run', async () => {
  const { namespace, startOperator, jobs, client } = await aScene({ standinLatencyMs: 200 });
  const all = Array.from({ length: 50 }, (_, at) => aJob(`job-${at}`));
  const first = await startOperator();
  const second = await startOperator();
  const applied = apply(all, namespace, '--server-side');
  await until(async () => (await jobs()).length >= 5, { what: 'the first submits', intervalMs: 5 });
  for (const operator of [first, second]) operator.kill('SIGKILL');
  await Promise.all([first.exited, second.exited, applied]);
  const submitted = (await jobs()).length;
  await startOperator();
  await startOperator();
  await kubectl('wait', '--for=condition=Complete', 'gj', '--all', '-n', namespace, '--timeout=100s');
  const ended = await jobs();
  expect(ended).toHaveLength(50);
  const resources = await listObjects('gj', namespace);
  expect(new Set(resources.map(({ status }) => status.jobId))).toEqual(new Set(ended.map(({ id }) => id)));
  for (const { id } of ended) {
    const runs = (await client.history(id)).filter(({ state: entered }) => entered === 'running');
    expect(runs).toHaveLength(1);
  }
  console.log(`Killed after ${submitted} of 50 submits`);
});

test('a namespace with open jobs is deleted within seconds, and its jobs are cancelled', async () => {
  const { namespace, startOperator, jobs } = await aScene({ standinLatencyMs: 60_000 });
  const operator = await startOperator();
  await apply(
    Array.from({ length: 8 }, (_, at) => aJob(`job-${at}`)),
    namespace,
  );
  await until(async () => (await jobs()).length === 8, { what: 'eight jobs', timeoutMs: 30_000 });
  const before = performance.now();
  await kubectl('delete', 'namespace', namespace, '--timeout=60s');
  console.log(`The namespace was gone after ${Math.round(performance.now() - before)} ms`);
  await until(async () => (await jobs()).every((job) => job.state === 'cancelled'), { what: 'their cancels' });
  expect(operator.lines.filter((line) => /"level":"?(error|50)/.test(line))).toEqual([]);
});

test('a missing pool is reported in a condition; the job runs once the pool exists', async () => {
  const { namespace, startOperator, startWorker } = await aScene();
  await startOperator();
  await apply(aJob('late', { pool: 'drawings' }), namespace);
  const waiting = await untilObject('gj', 'late', namespace, ({ status }) => status?.conditions !== undefined, {
    what: 'a condition',
  });
  expect(conditions(waiting)).toMatchObject({ Accepted: 'False PoolNotFound', Finished: 'False PoolNotFound' });
  await startWorker({ GENWARDEN_POOL: 'drawings' });
  await waitForCondition('gj/late', 'Complete', namespace);
});

test('a job that cannot run fails with a reason, and kubectl wait does not hang', async () => {
  const { namespace, startOperator } = await aScene();
  await startOperator();
  await apply(
    [
      aJob('long', { policy: { queueTimeout: '30d' } }),
      aJob('refused', { input: { prompt: '[standin:refuse] a yard' } }),
    ],
    namespace,
  );
  await waitForCondition('gj/long', 'Finished', namespace);
  await waitForCondition('gj/long', 'Failed', namespace);
  expect(conditions(await getObject('gj', 'long', namespace))).toMatchObject({
    Accepted: 'False PolicyExceedsRetention',
  });
});

test('a retry through the API reopens the resource; a deleted job and the TTL finish it', async () => {
  const { namespace, startOperator, client } = await aScene({ standinLatencyMs: 20_000 });
  await startOperator();
  await apply([aJob('yard', { ttlSecondsAfterFinished: 3 }), aJob('kept')], namespace);
  const { status } = await untilState('kept', namespace, 'running');
  await client.cancel(status.jobId);
  await waitForCondition('gj/kept', 'Finished', namespace);
  expect(conditions(await getObject('gj', 'kept', namespace))).toMatchObject({ Failed: 'True Cancelled' });
  await client.retry(status.jobId);
  await waitForCondition('gj/kept', 'Finished=false', namespace);
  await client.cancel(status.jobId);
  await waitForCondition('gj/kept', 'Finished', namespace);
  await client.delete(status.jobId);
  await untilObject('gj', 'kept', namespace, ({ status: now }) => now.reason === 'JobDeleted', { what: 'JobDeleted' });
  const { jobId } = (await untilState('yard', namespace, 'running'))['status'];
  await client.cancel(jobId);
  await kubectl('wait', '--for=delete', 'gj/yard', '-n', namespace, '--timeout=30s');
  // As a tool for GitOps does: the job that has run is shown, and not paid again.
  await apply([aJob('yard', { ttlSecondsAfterFinished: 3 })], namespace);
  await waitForCondition('gj/yard', 'Stalled', namespace);
  const again = await getObject('gj', 'yard', namespace);
  expect(again['status'].jobId).toBe(jobId);
  expect(conditions(again)).toMatchObject({ Accepted: 'True AlreadyRun', Ready: 'False Cancelled' });
});

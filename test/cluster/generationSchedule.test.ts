// GenerationJobs that wait, take their input from other objects and mirror their results, and GenerationSchedules, in a real API server.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { photo } from '../support/pictures.ts';
import { tempFolder } from '../support/tempFolder.ts';
import { until } from '../support/until.ts';
import { applyDefinitions } from './support/genwarden.ts';
import { aJob, apiVersion, aScene, conditions } from './support/jobScene.ts';
import { apply, getObject, kubectl, listObjects, untilObject, waitForCondition } from './support/kubectl.ts';

beforeAll(applyDefinitions);

test('a suspended job waits; then it takes prompt and reference from a ConfigMap and a Secret, and mirrors its results', async () => {
  const { namespace, startOperator, client, plugin } = await aScene();
  await startOperator();
  const prompts = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'prompts' },
    data: { yard: 'a yard with sage' },
  };
  const style = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'style' },
    data: { 'a.jpg': photo.toString('base64') },
  };
  const input = {
    promptFrom: { configMapKeyRef: { name: 'prompts', key: 'yard' } },
    references: [{ secretKeyRef: { name: 'style', key: 'a.jpg' }, caption: 'the style' }],
  };
  await apply([aJob('held', { input, suspend: true, results: { configMap: 'held-results' } })], namespace);
  await waitForCondition('gj/held', 'Suspended', namespace);
  await kubectl('patch', 'gj', 'held', '-n', namespace, '--type=merge', '-p', '{"spec":{"suspend":false}}');
  await kubectl('wait', '--for=jsonpath={.status.reason}=SourceNotFound', 'gj/held', '-n', namespace, '--timeout=60s');
  await apply([prompts, style], namespace);
  await kubectl('wait', '--for=jsonpath={.status.state}=succeeded', 'gj/held', '-n', namespace, '--timeout=60s');
  const { status } = await getObject('gj', 'held', namespace);
  expect(conditions({ status } as never)).toMatchObject({
    Suspended: 'False JobResumed',
    ResultsWritten: 'True ResultsInConfigMap',
  });
  const job = await client.get(status.jobId);
  const [image] = job.tasks![0]!.artifacts;
  expect(status.artifacts).toEqual([expect.objectContaining({ task: '0', name: 'image', digest: image!.digest })]);
  const folder = await tempFolder('picture');
  onTestFinished(() => folder.remove());
  const file = join(folder.path, 'held.jpg');
  await plugin('get-picture', 'held', '-o', file);
  const saved = createHash('sha256').update(await readFile(file));
  expect(`sha256:${saved.digest('hex')}`).toBe(image!.digest);
  const { data, metadata } = await getObject('configmap', 'held-results', namespace);
  expect(JSON.parse(data['job.json'])).toMatchObject({
    jobId: job.id,
    tasks: [{ artifacts: [{ digest: image!.digest }, {}, {}] }],
  });
  expect(metadata.ownerReferences).toMatchObject([{ kind: 'GenerationJob', name: 'held' }]);
});

test('a schedule makes up for the latest missed time, and deletes its job with it', async () => {
  const { namespace, startOperator } = await aScene();
  const jobTemplate = { spec: { kind: 'image', input: { prompt: 'a front yard' } } };
  const schedule = {
    apiVersion,
    kind: 'GenerationSchedule',
    metadata: { name: 'hourly' },
    spec: { schedule: '0 * * * *', jobTemplate },
  };
  await apply([schedule], namespace);
  const since = JSON.stringify({ status: { lastScheduleTime: new Date(Date.now() - 5 * 3_600_000).toISOString() } });
  await kubectl('patch', 'gs', 'hourly', '-n', namespace, '--subresource=status', '--type=merge', '-p', since);
  await startOperator();
  await startOperator();
  await waitForCondition('gs/hourly', 'Ready', namespace);
  const { status } = await untilObject(
    'gs',
    'hourly',
    namespace,
    (it) => it['status'].lastSuccessfulTime !== undefined,
    {
      what: 'the success of its job',
    },
  );
  const [job, ...others] = await listObjects('gj', namespace);
  expect(others).toEqual([]);
  expect(job!['metadata']).toMatchObject({
    name: `hourly-${Date.parse(status.lastScheduleTime) / 60_000}`,
    ownerReferences: [{ kind: 'GenerationSchedule', name: 'hourly', controller: true }],
  });
  expect(await kubectl('get', 'gs', '-n', namespace)).toMatch(/hourly +0 \* \* \* \* +Etc\/UTC +false +0/);
  await kubectl('delete', 'gs', 'hourly', '-n', namespace);
  await until(async () => (await listObjects('gj', namespace)).length === 0, { what: 'the deletion of its job' });
});

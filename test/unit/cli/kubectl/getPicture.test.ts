// `kubectl genwarden get-picture`: one file, found by the name of a GenerationJob.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Task } from '../../../../src/client/index.ts';
import { digestOf, FakeApi } from '../../../fakes/fakeApi.ts';
import { fakeJob, fakeTask } from '../../../fakes/fakeJobs.ts';
import { FakeKubernetes } from '../../../fakes/fakeKubernetes.ts';
import { runCommand } from '../../../support/commandLine.ts';
import { tempFolder } from '../../../support/tempFolder.ts';

/** A cluster with GenerationJob front-yard, whose job has these tasks. */
async function aCluster(makeTasks: (api: FakeApi) => Task[]) {
  const [cluster, api, folder] = await Promise.all([FakeKubernetes.start(), FakeApi.start(), tempFolder('picture')]);
  onTestFinished(async () => {
    await cluster[Symbol.asyncDispose]();
    await api[Symbol.asyncDispose]();
    await folder.remove();
  });
  cluster.pods = [{ namespace: 'prod', name: 'genwarden-api-1', component: 'api' }];
  cluster.target = api.port;
  const path = '/apis/genwarden.dev/v1alpha1/namespaces/default/generationjobs';
  const metadata = { name: 'front-yard', namespace: 'default', uid: 'u1', resourceVersion: '1' };
  cluster.objects.set(`${path}/front-yard`, { metadata, status: { jobId: 'job1' } });
  cluster.objects.set(`${path}/new`, { metadata: { ...metadata, name: 'new' } });
  api.put(fakeJob('job1', makeTasks(api)));
  const config = join(folder.path, 'config');
  await writeFile(config, cluster.kubeconfig({ token: 'my-token' }));
  const file = join(folder.path, 'yard.png');
  return {
    folder,
    file,
    run: (...args: string[]) => runCommand(['get-picture', ...args, '--kubeconfig', config], { plugin: true }),
  };
}

function made(api: FakeApi, index: number, name: string | null): Task {
  const refs = ['thumbnail', 'image', 'metadata'].map((artifact) => {
    const bytes = Buffer.from(`${artifact} of ${index}`);
    api.putBytes(`/v1/jobs/job1/tasks/${index}/artifacts/${artifact}`, bytes);
    return { name: artifact, mediaType: 'image/png', bytes: bytes.length, digest: digestOf(bytes), href: '' };
  });
  return fakeTask(index, 'succeeded', { name, artifacts: refs });
}

test.each(['front-yard', 'gj/front-yard'])('%s: the picture is in the file, and nothing else', async (name) => {
  const { run, file, folder } = await aCluster((api) => [made(api, 0, null)]);
  expect(await run(name, '-o', file)).toMatchObject({ code: 0, stdout: `${file} (10 B)\n` });
  expect(await readFile(file, 'utf8')).toBe('image of 0');
  expect((await readdir(folder.path)).toSorted()).toEqual(['config', 'yard.png']);
});

test('of several tasks, one has to be chosen', async () => {
  const { run, file } = await aCluster((api) => [made(api, 0, 'front'), made(api, 1, 'back')]);
  const { code, stderr } = await run('front-yard', '-o', file);
  expect({ code, stderr }).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('choose one with --task (front, back)'),
  });
  expect(await run('front-yard', '-o', file, '--task', 'back')).toMatchObject({ code: 0 });
  expect(await readFile(file, 'utf8')).toBe('image of 1');
});

test('a job without a picture, without an id, or with no such task says why', async () => {
  const { run, file } = await aCluster(() => [fakeTask(0, 'running')]);
  expect((await run('front-yard', '-o', file)).stderr).toContain('Job job1 has no picture: it is running');
  expect((await run('front-yard', '-o', file, '--task', 'x')).stderr).toContain('Job job1 has no such task');
  expect((await run('new', '-o', file)).stderr).toContain('GenerationJob default/new has no job');
  expect(await run('other', '-o', file)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no GenerationJob other'),
  });
});

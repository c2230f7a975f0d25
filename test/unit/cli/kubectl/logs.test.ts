// `kubectl genwarden logs`: which logs and lines it prints, and what it reports when there are none.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KubeClient, loadKubeconfig } from '../../../../src/adapters/kubernetes/index.ts';
import { runCommand } from '../../../support/commandLine.ts';
import { FakeApi, answerJson } from '../../../fakes/fakeApi.ts';
import { fakeJob, fakeTask } from '../../../fakes/fakeJobs.ts';
import { FakeKubernetes } from '../../../fakes/fakeKubernetes.ts';
import { tempFolder, type TempFolder } from '../../../support/tempFolder.ts';

const [first, second] = ['genwarden-worker-default-7d9f8b6c54-abcde', 'genwarden-worker-default-7d9f8b6c54-vwxyz'];
// Workers' names contain only the first 40 characters of the host name.
const nameOf = (pod: string): string => `worker-${pod.slice(0, 40)}-0123abcd`;

let cluster: FakeKubernetes;
let api: FakeApi;
let folder: TempFolder;

beforeEach(async () => {
  [cluster, api, folder] = await Promise.all([FakeKubernetes.start(), FakeApi.start(), tempFolder('kubectl-logs')]);
  cluster.target = api.port;
  cluster.pods = [{ namespace: 'prod', name: 'genwarden-api-1', component: 'api' }];
  await writeFile(join(folder.path, 'config'), cluster.kubeconfig({ token: 'my-token' }));
  api.put(fakeJob('job1', [fakeTask(0, 'succeeded')]));
});

afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
  await api[Symbol.asyncDispose]();
  await folder.remove();
});

const logs = (...args: string[]) =>
  runCommand(['logs', 'job1', ...args, '--kubeconfig', join(folder.path, 'config')], { plugin: true });

function ranOn(...pods: (string | null)[]): void {
  const items = pods.map((pod, at) => ({ sequence: at + 1, worker: pod === null ? null : nameOf(pod) }));
  api.route('GET /v1/jobs/job1/history', (_, response) => answerJson(response, 200, { items, next: null }));
}

const line = (second_: number, text: string): string => `2026-01-01T00:00:0${second_}.000000001Z ${text}`;

test('prints the lines about the job from each worker that ran it, in the order in which they ran it', async () => {
  cluster.pods.push(
    { namespace: 'prod', name: first, component: 'worker', log: [line(5, 'about job1, later'), line(6, 'about job2')] },
    { namespace: 'prod', name: second, component: 'worker', log: [line(1, 'about job1, first')] },
    { namespace: 'prod', name: `${first.slice(0, -5)}zzzzz`, component: 'worker', log: [line(1, 'job1 of another')] },
  );
  ranOn(null, second, first, first);
  expect(await logs()).toMatchObject({ code: 0, stdout: 'about job1, first\nabout job1, later\n', stderr: '' });
  expect((await logs('--all')).stdout).toBe('about job1, first\nabout job1, later\nabout job2\n');
});

test('prints the log from before a restart first', async () => {
  cluster.pods.push({ namespace: 'prod', name: first, component: 'worker', restarts: 1, log: [line(3, 'job1 again')] });
  ranOn(first);
  expect((await logs()).stdout).toBe('before the restart of job1\njob1 again\n');
});

test('finds workers in other namespaces if the user may list pods there', async () => {
  cluster.pods.push({ namespace: 'gpus', name: first, component: 'worker', log: [line(3, 'job1 there')] });
  ranOn(first);
  expect((await logs()).stdout).toBe('job1 there\n');
});

test('names a missing pod, and fails when no pod is left', async () => {
  cluster.pods.push({ namespace: 'prod', name: first, component: 'worker', log: [line(3, 'job1 here')] });
  ranOn(second, first);
  const some = await logs();
  expect(some).toMatchObject({ code: 0, stdout: 'job1 here\n' });
  expect(some.stderr).toContain(`the pod of ${nameOf(second)} no longer exists`);
  cluster.pods.pop();
  expect(await logs()).toMatchObject({ code: 1, stderr: expect.stringContaining('WorkerLogGone') as string });
});

test('reports that no worker has claimed the job yet; an unknown job is an error', async () => {
  ranOn(null);
  expect(await logs()).toMatchObject({
    code: 0,
    stdout: '',
    stderr: expect.stringContaining('no worker has claimed') as string,
  });
  const options = { plugin: true };
  const missing = await runCommand(['logs', 'job2', '--kubeconfig', join(folder.path, 'config')], options);
  expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('JobNotFound') as string });
});

test('--follow includes workers that claim the job later, until the job has finished', async () => {
  api.put(fakeJob('job1', [fakeTask(0, 'running')]));
  cluster.pods.push(
    { namespace: 'prod', name: first, component: 'worker', log: [line(1, 'job1 starts')] },
    { namespace: 'prod', name: second, component: 'worker', log: [line(2, 'job1 ends')] },
  );
  ranOn(first);
  api.route('GET /v1/jobs/job1/events', (_, response) => {
    const tell = (id: number, event: string, data: object): boolean =>
      response.write(`id: e-${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    tell(1, 'snapshot', fakeJob('job1', [fakeTask(0, 'running')]));
    tell(2, 'task', { job: 'job1', task: 0, state: 'running', worker: nameOf(second) });
    tell(3, 'job', { ...fakeJob('job1', [fakeTask(0, 'succeeded')]), tasks: undefined });
    response.end();
  });
  const { code, stdout } = await logs('-f');
  expect({ code, lines: stdout.trim().split('\n').toSorted() }).toEqual({
    code: 0,
    lines: ['job1 ends', 'job1 starts'],
  });
});

test('a followed log that breaks off resumes without gaps or duplicates', async () => {
  const log = [line(1, 'job1 one'), line(1, 'job1 twin'), line(2, 'job1 two'), line(3, 'job1 three')];
  // Two lines of one moment are two lines.
  cluster.pods.push({ namespace: 'prod', name: first, component: 'worker', log: log.with(1, line(2, 'job1 twin')) });
  cluster.brokenLogs = 1;
  const kubeconfig = await loadKubeconfig('UsageError', join(folder.path, 'config'));
  const client = new KubeClient({ kubeconfig, program: 'test', version: '1.2.3' });
  const asked = { namespace: 'prod', name: first, container: 'worker', since: '2026-01-01T00:00:00Z' };
  const never = new AbortController().signal;
  const lines = await Array.fromAsync(client.log({ ...asked, follow: true }, never));
  expect(lines).toEqual(['job1 one', 'job1 twin', 'job1 two', 'job1 three']);
  cluster.brokenLogs = 1;
  const broken = Array.fromAsync(client.log({ ...asked, follow: false }, never));
  await expect(broken).rejects.toMatchObject({ name: 'KubeError', status: 0 });
  cluster.brokenLogs = 1;
  ranOn(first);
  expect(await logs()).toMatchObject({ code: 4, stderr: expect.stringContaining('ClusterUnreachable') as string });
});

test('a user who may not read logs is told which right is missing', async () => {
  cluster.pods.push({ namespace: 'prod', name: first, component: 'worker' });
  cluster.forbidden.add(`/api/v1/namespaces/prod/pods/${first}/log`);
  ranOn(first);
  const refused = await logs();
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/may not read the log of pod prod\//) as string,
  });
});

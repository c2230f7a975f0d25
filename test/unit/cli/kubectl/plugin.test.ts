// `kubectl genwarden`: how it finds Genwarden, which credentials it uses, and what it reports when that fails.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCommand, startCommand } from '../../../support/commandLine.ts';
import { FakeApi, answerJson, answerProblem } from '../../../fakes/fakeApi.ts';
import { fakeJob, fakeTask } from '../../../fakes/fakeJobs.ts';
import { FakeKubernetes } from '../../../fakes/fakeKubernetes.ts';
import { startProcess } from '../../../support/process.ts';
import { until } from '../../../support/until.ts';
import { tempFolder, type TempFolder } from '../../../support/tempFolder.ts';

let cluster: FakeKubernetes;
let api: FakeApi;
let folder: TempFolder;
let config: string;

beforeEach(async () => {
  [cluster, api, folder] = await Promise.all([FakeKubernetes.start(), FakeApi.start(), tempFolder('kubectl')]);
  cluster.pods = [{ namespace: 'prod', name: 'genwarden-api-1', component: 'api' }];
  cluster.target = api.port;
  config = await kubeconfig({ token: 'my-token' });
});

afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
  await api[Symbol.asyncDispose]();
  await folder.remove();
});

async function kubeconfig(user: object, namespace?: string): Promise<string> {
  const path = join(folder.path, `${Math.random()}.json`);
  await writeFile(path, cluster.kubeconfig(user, namespace));
  return path;
}

const plugin = (...args: string[]) => runCommand([...args, '--kubeconfig', config], { plugin: true });

const sent = () => {
  const { headers } = api.requests.at(-1)!;
  return [headers.authorization, headers['genwarden-namespace']];
};

const noJobs = { items: [], next: null, complete: true, since: null };

describe('reaching the API', () => {
  beforeEach(() => api.route('GET /v1/jobs', (_, response) => answerJson(response, 200, noJobs)));

  test("uses a port-forward, and the kubeconfig's token and namespace", async () => {
    expect(await plugin('list')).toMatchObject({ code: 0, stderr: '' });
    expect(sent()).toEqual(['Bearer my-token', 'default']);
    const lines = cluster.asked.map(({ line }) => line);
    expect(lines).toContain('GET /api/v1/namespaces/prod/pods/genwarden-api-1/portforward');
    expect(cluster.asked.every(({ authorization }) => authorization === 'Bearer my-token')).toBe(true);
    await until(() => cluster.forwards === 0, { what: 'the end of the port-forward' });
  });

  test('uses the namespace of the context, of -n, or all with -A, before or after the command', async () => {
    config = await kubeconfig({ token: 'my-token' }, 'team-a');
    const asked = async (...args: string[]) => {
      expect((await plugin(...args)).code).toBe(0);
      return sent()[1];
    };
    expect(await asked('list')).toBe('team-a');
    expect(await asked('list', '--context', 'there')).toBe('there');
    expect(await asked('list', '-n', 'team-b')).toBe('team-b');
    expect(await asked('-n', 'team-b', 'list')).toBe('team-b');
    expect(await asked('list', '-A')).toBe('*');
    expect((await plugin('list', '-A')).stdout).toMatch(/^NAMESPACE {2}JOB/);
  });

  test('skips pods that are not ready, and searches the namespace genwarden if the user may not list all pods', async () => {
    cluster.forbidden.add('/api/v1/pods');
    cluster.pods = [
      { namespace: 'genwarden', name: 'old', component: 'api', ready: false },
      { namespace: 'genwarden', name: 'new', component: 'api' },
    ];
    expect((await plugin('list')).code).toBe(0);
    expect(cluster.asked.map(({ line }) => line)).toContain('GET /api/v1/namespaces/genwarden/pods/new/portforward');
  });

  test("a given token takes precedence over the kubeconfig's, which may come from an exec plugin", async () => {
    await plugin('list', '--token', 'given');
    expect(sent()[0]).toBe('Bearer given');
    await runCommand(['list', '--kubeconfig', config], { plugin: true, env: { GENWARDEN_TOKEN: 'set' } });
    expect(sent()[0]).toBe('Bearer set');
    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: 'made' },
    };
    const exec = {
      apiVersion: credential.apiVersion,
      command: 'echo',
      args: [JSON.stringify(credential)],
      interactiveMode: 'Never',
    };
    config = await kubeconfig({ exec });
    expect(await plugin('list')).toMatchObject({ code: 0 });
    expect(sent()[0]).toBe('Bearer made');
    config = await kubeconfig({ exec: { ...exec, command: 'false' } });
    expect(await plugin('list')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('ClusterForbidden') as string,
    });
  });

  test("without a token it uses the installation's admin token and says so, or says which right is missing", async () => {
    config = await kubeconfig({});
    cluster.secrets.set('prod/genwarden-api-token', { token: 'gw_admin\n' });
    const taken = await plugin('list', '-n', 'team-a');
    expect(taken).toMatchObject({ code: 0, stderr: expect.stringContaining('prod/genwarden-api-token') as string });
    expect(sent()).toEqual(['Bearer gw_admin', 'team-a']);
    cluster.pods = [{ namespace: 'prod', name: 'x', component: 'api', release: 'main' }];
    cluster.secrets.set('prod/main-genwarden-api-token', { token: 'gw_main' });
    await plugin('list');
    expect(sent()[0]).toBe('Bearer gw_main');
    cluster.forbidden.add('/api/v1/namespaces/prod/secrets');
    const refused = await plugin('list');
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/may not read secret[^]*ClusterForbidden/) as string,
    });
  });

  test('--url uses the kubeconfig for token and namespace only, and never sends its token unencrypted', async () => {
    const url = `http://127.0.0.1:${api.port}`;
    expect(await plugin('list', '--url', url)).toMatchObject({ code: 0 });
    expect(sent()).toEqual(['Bearer my-token', 'default']);
    expect(cluster.asked).toEqual([]);
    const clear = await plugin('list', '--url', 'http://genwarden.example');
    expect(clear).toMatchObject({ code: 2, stderr: expect.stringContaining('not encrypted') as string });
  });
});

describe('failures', () => {
  const failing = async (code: number, word: string, ...args: string[]) => {
    expect(await plugin('list', ...args)).toMatchObject({ code, stderr: expect.stringContaining(word) as string });
  };

  test('no installation, several of them, or none that is ready', async () => {
    cluster.pods = [];
    await failing(4, 'InstallationNotFound');
    cluster.pods = ['a', 'b'].map((namespace) => ({ namespace, name: 'api', component: 'api' as const }));
    await failing(4, 'a/genwarden, b/genwarden');
    await failing(4, 'in namespace c', '--installation-namespace', 'c');
    cluster.pods = [{ namespace: 'a', name: 'api', component: 'api', ready: false }];
    await failing(4, 'is ready (1 found)');
  });

  test('a missing right to forward ports is reported before anything is sent', async () => {
    cluster.forbidden.add('/api/v1/namespaces/prod/pods/genwarden-api-1/portforward');
    await failing(1, 'may not forward a port to a pod in namespace prod (get and create pods/portforward)');
    expect(api.requests).toEqual([]);
  });

  test('no cluster, unknown context, no kubeconfig, impersonation', async () => {
    await failing(2, '--context nowhere: the kubeconfig has here, there', '--context', 'nowhere');
    config = join(folder.path, 'none');
    await failing(2, 'the file does not exist');
    config = await kubeconfig({ token: 'x', as: 'someone' });
    await failing(2, 'impersonates');
    config = await kubeconfig({ token: 'x' });
    await cluster[Symbol.asyncDispose]();
    await failing(4, 'ClusterUnreachable');
    cluster = await FakeKubernetes.start();
  });

  test('an API that does not answer behind the port', async () => {
    await api.close();
    await failing(4, 'ServerUnreachable');
  });

  test('a request that the API refuses', async () => {
    api.route('GET /v1/jobs', (_, response) => answerProblem(response, 403, 'Forbidden', 'me may not list'));
    await failing(1, 'me may not list');
  });
});

test('a watch continues when the port-forward breaks', async () => {
  api.put(fakeJob('job1', [fakeTask(0, 'running')]));
  const watch = startCommand(['watch', 'job1', '--kubeconfig', config], { plugin: true });
  await api.held();
  cluster.pods = [{ namespace: 'prod', name: 'genwarden-api-2', component: 'api' }];
  cluster.breakForwards();
  await api.held();
  api.put(fakeJob('job1', [fakeTask(0, 'succeeded')]));
  expect(await watch.ended).toBe(0);
  expect(watch.stdout()).toContain('succeeded');
  const lines = cluster.asked.map(({ line }) => line);
  expect(lines).toContain('GET /api/v1/namespaces/prod/pods/genwarden-api-2/portforward');
});

test('the plain command line does not load the Kubernetes client', async () => {
  const program = new URL('../../../../src/cli/main.ts', import.meta.url).pathname;
  const script = `
    import { registerHooks } from 'node:module';
    registerHooks({ resolve(name, context, next) {
      if (name.startsWith('@kubernetes/')) console.log('loaded ' + name);
      return next(name, context);
    } });
    process.argv = ['node', ${JSON.stringify(program)}, 'get', 'job1'];
    await import(${JSON.stringify(program)});`;
  api.put(fakeJob('job1', [fakeTask(0, 'succeeded')]));
  const ran = await startProcess(process.execPath, ['--input-type=module', '-e', script], { env: api.env });
  expect(await ran.exited).toMatchObject({ code: 0 });
  expect(ran.stdout.join('\n')).toContain('job1');
  expect(ran.stdout.join('\n')).not.toContain('loaded');
});

// `kubectl genwarden` as a plugin on PATH, against an installation by the chart: port-forward, tokens, logs, failures.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startProcess } from '../support/process.ts';
import { until } from '../support/until.ts';
import { type InstalledGenwarden, installGenwarden } from './support/genwarden.ts';
import { apply, kubectl, listObjects } from './support/kubectl.ts';
import { createNamespace, newName, removeNamespace, testNamespace } from './support/namespace.ts';
import { attempt, type Ran } from './support/run.ts';
import { untilCondition } from './support/workerPool.ts';

const installed = testNamespace('kubectl');
const team = newName('kubectl-team');
const bin = new URL('../../bin', import.meta.url).pathname;
const PATH = [bin, process.env['PATH']].join(delimiter);

let genwarden: InstalledGenwarden;
let folder: string;
let memberConfig: string;

beforeAll(async () => {
  genwarden = await installGenwarden(installed, { api: { replicas: 2 }, standin: { latency: '1s' } });
  await createNamespace(team);
  folder = await mkdtemp(join(tmpdir(), 'kubectl-genwarden-'));
  memberConfig = await member('member');
});

afterAll(async () => {
  await genwarden?.uninstall();
  await removeNamespace(team);
  await rm(folder, { recursive: true, force: true });
});

/** A kubeconfig of a service account that may edit in the team's namespace and forward ports to Genwarden. */
async function member(name: string): Promise<string> {
  await kubectl('create', 'serviceaccount', name, '-n', team);
  const account = `--serviceaccount=${team}:${name}`;
  await kubectl('create', 'rolebinding', name, '--clusterrole=edit', account, '-n', team);
  const rules = [
    { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
    { apiGroups: [''], resources: ['pods/portforward'], verbs: ['create', 'get'] },
    { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
  ];
  const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name }, rules };
  await apply([role], installed);
  await kubectl('create', 'rolebinding', name, `--role=${name}`, account, '-n', installed);
  return kubeconfig(name, { token: (await kubectl('create', 'token', name, '-n', team)).trim() }, team);
}

/** The current cluster with another user. */
async function kubeconfig(name: string, user: object, namespace: string): Promise<string> {
  const config = JSON.parse(await kubectl('config', 'view', '--raw', '--minify', '--flatten', '-o', 'json')) as {
    'current-context': string;
    clusters: { name: string }[];
  };
  const path = join(folder, `${name}.kubeconfig`);
  const context = { cluster: config.clusters[0]!.name, user: name, namespace };
  const written = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: config.clusters,
    users: [{ name, user }],
    contexts: [{ name, context }],
    'current-context': name,
  };
  await writeFile(path, JSON.stringify(written), { mode: 0o600 });
  return path;
}

/** `kubectl genwarden …` against the installation of this test. */
const plugin = (config: string | undefined, ...args: string[]): Promise<Ran> =>
  attempt('kubectl', ['genwarden', ...args, '--installation-namespace', installed], { env: env(config) });

const env = (config: string | undefined): Record<string, string> => ({
  PATH,
  ...(config === undefined ? {} : { KUBECONFIG: config }),
});

async function submit(config: string | undefined, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await plugin(config, 'submit', '-o', 'json', ...args);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return (JSON.parse(stdout) as { id: string }).id;
}

test('kubectl finds the plugin and completes it', async () => {
  const { stdout } = await attempt('kubectl', ['plugin', 'list', '--name-only'], { env: env(undefined) });
  expect(stdout.split('\n')).toContain('kubectl-genwarden');
  const help = await attempt('kubectl', ['genwarden', '--help'], { env: env(undefined) });
  expect(help.stdout).toContain('Usage: kubectl genwarden');
  const offered = await attempt('kubectl', ['__complete', 'genwarden', 'stuck', '--older'], { env: env(undefined) });
  expect(offered.stdout).toContain('--older-than');
});

test("a member of a team submits, watches and downloads in the team's namespace, and sees no other jobs", async () => {
  const id = await submit(memberConfig, '--prompt', 'a yard', '--wait', '--download', join(folder, 'pictures'));
  expect((await readFile(join(folder, 'pictures', 'image.png'))).subarray(1, 4).toString()).toBe('PNG');
  const other = await genwarden.client.submit({ kind: 'image', input: { prompt: "the admin's" } });
  const list = await plugin(memberConfig, 'list', '-o', 'json');
  expect((JSON.parse(list.stdout) as { items: { id: string }[] }).items.map((job) => job.id)).toEqual([id]);
  expect(await plugin(memberConfig, 'get', other.id)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('JobNotFound') as string,
  });
  const refused = await plugin(memberConfig, 'list', '-A');
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('in all namespaces') as string });
  expect((await plugin(memberConfig, 'list', '-n', 'default')).stderr).toContain('Forbidden');
  const admin = await plugin(undefined, 'list', '-A');
  expect(admin.stdout).toMatch(/^NAMESPACE +JOB/);
  for (const part of [id, other.id, team]) expect(admin.stdout).toContain(part);
});

test('the admin sees pools, workers, top and stuck tasks of all namespaces', async () => {
  const pools = await plugin(undefined, 'pools');
  expect(pools).toMatchObject({ code: 0, stdout: expect.stringMatching(/^default +gemini/m) as string });
  expect((await plugin(undefined, 'top')).stdout).toMatch(/SLOTS +MEMORY +LAG/);
  expect([0, 3]).toContain((await plugin(undefined, 'stuck', '-A')).code);
  expect((await plugin(memberConfig, 'pools')).stderr).toContain('may not list workerpools.genwarden.dev');
  expect((await plugin(undefined, 'doctor')).stdout).toContain('✓ api');
});

test('logs come from the worker that ran the job and contain only lines about the job', async () => {
  const id = await submit(memberConfig, '--prompt', 'a yard', '--wait');
  const about = await plugin(memberConfig, 'logs', id);
  expect(about.code).toBe(0);
  const lines = about.stdout.trim().split('\n');
  expect(lines.every((line) => line.includes(id))).toBe(true);
  expect(about.stdout).toContain('generation_completed');
  const all = await plugin(memberConfig, 'logs', id, '--all');
  expect(all.stdout.split('\n').length).toBeGreaterThan(lines.length);
  const next = await submit(memberConfig, '--prompt', 'a slow yard');
  const followed = await plugin(memberConfig, 'logs', next, '--follow');
  expect(followed).toMatchObject({ code: 0, stdout: expect.stringContaining('generation_completed') as string });
});

test('a watch survives the end of the pod that it is forwarded to', async () => {
  const id = await submit(memberConfig, '--prompt', 'a yard [standin: slow 20s]', '--attempt-timeout', '60s');
  const args = ['genwarden', 'watch', id, '--installation-namespace', installed];
  const watch = await startProcess('kubectl', args, {
    env: env(memberConfig),
    readyWhen: /running/,
    timeoutMs: 30_000,
  });
  const pods = await listObjects('pods', installed, 'app.kubernetes.io/component=api');
  for (const { metadata } of pods) {
    await kubectl('delete', 'pod', metadata['name'] as string, '-n', installed, '--grace-period=1', '--wait=false');
  }
  expect(await watch.exited).toMatchObject({ code: 0 });
  expect(watch.lines.join('\n')).toContain('succeeded: 1 of 1 task succeeded');
  await kubectl('rollout', 'status', `deployment/${genwarden.fullname}-api`, '-n', installed, '--timeout=60s');
});

test("without a token in the kubeconfig, the plugin uses the admin's token of the installation, if it may read it", async () => {
  // A kubeconfig without credentials has no token, like one with a client certificate.
  const certified = await kubeconfig('certified', {}, team);
  await kubectl(
    'create',
    'rolebinding',
    'certified',
    '--clusterrole=admin',
    '--user=system:anonymous',
    '-n',
    installed,
  );
  const listed = await plugin(certified, 'list', '-A');
  expect(listed).toMatchObject({ code: 0, stderr: expect.stringContaining('using the admin token') as string });
  await kubectl('delete', 'rolebinding', 'certified', '-n', installed);
  await kubectl('create', 'rolebinding', 'certified', '--role=member', '--user=system:anonymous', '-n', installed);
  const refused = await until(
    async () => {
      const ran = await plugin(certified, 'list');
      return ran.code === 1 && ran;
    },
    { what: 'a refusal', timeoutMs: 20_000 },
  );
  expect(refused.stderr).toMatch(/may not read secret .*\n +ClusterForbidden/);
  const given = await plugin(certified, 'list', '--token', genwarden.token);
  expect(given).toMatchObject({ code: 0, stderr: '' });
});

test('doctor names a cause, and says what is wrong while no API runs', async () => {
  const pause = (paused: boolean) =>
    kubectl('patch', 'gwp', 'default', '-n', installed, '--type=merge', '-p', JSON.stringify({ spec: { paused } }));
  const api = `deployment/${genwarden.fullname}-api`;
  await pause(true);
  await untilCondition(installed, 'default', 'Paused', 'True PausedBySpec');
  const patch = `kubectl patch workerpool default -n ${installed} --type merge -p '{"spec":{"paused":false}}'`;
  const resume = await plugin(undefined, 'resume', 'default');
  expect(resume).toMatchObject({ code: 1, stderr: expect.stringContaining(patch) as string });
  await kubectl('scale', api, '-n', installed, '--replicas=0');
  const { stdout, code } = await plugin(undefined, 'doctor', '--no-provider');
  expect(code).toBe(4);
  expect(stdout).toMatch(/✗ pool default +paused by spec\.paused/);
  expect(stdout).toContain(patch);
  expect(stdout).toMatch(/✗ api +Deployment \S+ is scaled to 0/);
  await pause(false);
  await kubectl('scale', api, '-n', installed, '--replicas=2');
  await kubectl('rollout', 'status', api, '-n', installed, '--timeout=60s');
});

test('errors are reported with their code', async () => {
  const nowhere = await attempt('kubectl', ['genwarden', 'list', '--installation-namespace', team], {
    env: env(undefined),
  });
  expect(nowhere).toMatchObject({ code: 4, stderr: expect.stringContaining('InstallationNotFound') as string });
  const stranger = await kubeconfig('stranger', { token: 'nobody' }, team);
  expect(await plugin(stranger, 'list')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('ClusterForbidden') as string,
  });
  const away = join(folder, 'away.kubeconfig');
  await writeFile(away, (await readFile(memberConfig, 'utf8')).replace(/https:\/\/[^"]+/, 'https://127.0.0.1:1'));
  expect(await plugin(away, 'list')).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('ClusterUnreachable') as string,
  });
  const context = await plugin(undefined, 'list', '--context', 'none-such');
  expect(context).toMatchObject({ code: 2, stderr: expect.stringContaining('none-such') as string });
});

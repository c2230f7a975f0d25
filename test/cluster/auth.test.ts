// Kubernetes tokens against a real API server: service accounts, RoleBindings, separate namespaces, revocation. The API runs
// outside the cluster and asks the cluster's API server as it would from a pod.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Standin, startStandin } from '../../src/standin/standin.ts';
import { startNatsServer, type NatsServer } from '../support/natsServer.ts';
import { startProcess, type TestProcess } from '../support/process.ts';
import { tempFolder, type TempFolder } from '../support/tempFolder.ts';
import { until } from '../support/until.ts';
import { applyDefinitions } from './support/genwarden.ts';
import { apply, kubectl } from './support/kubectl.ts';
import { createNamespace, newName, removeNamespace, testNamespace } from './support/namespace.ts';

const installed = testNamespace('kubectl-auth');
const [teamA, teamB] = [newName('kubectl-team-a'), newName('kubectl-team-b')];
const program = new URL('../../bin/genwarden', import.meta.url).pathname;
const yard = { kind: 'image', input: { prompt: 'a yard' } };

let nats: NatsServer;
let standin: Standin;
let folder: TempFolder;
let processes: TestProcess[] = [];
let url = '';

beforeAll(async () => {
  await applyDefinitions();
  await Promise.all([createNamespace(teamA), createNamespace(teamB)]);
  for (const [name, verbs] of Object.entries({ view: ['get', 'list', 'watch'], edit: ['*'] })) {
    for (const namespace of [teamA, teamB]) await apply([role(name, 'generationjobs', verbs)], namespace);
  }
  await apply([role('pools', 'workerpools', ['list', 'update'])], installed);
  nats = await startNatsServer();
  standin = await startStandin({ latencyMs: 0 });
  folder = await tempFolder('cluster-auth');
  const start = (name: string, ready: RegExp, env: Record<string, string>) =>
    startProcess(program, [name], { env, readyWhen: ready, timeoutMs: 30_000 });
  const common = { GENWARDEN_NATS_URL: nats.url, GENWARDEN_METRICS_PORT: '0', GENWARDEN_HTTP_PORT: '0' };
  const keys = { GENWARDEN_GEMINI_API_KEYS: 'test-key', GENWARDEN_GEMINI_BASE_URL: standin.url };
  const worker = await start('worker', /worker started/, { ...common, ...keys });
  const api = await start('api', /API on/, { ...common, ...(await clusterSettings()) });
  const controller = await start('controller', /controller started/, common);
  processes = [api, worker, controller];
  url = /API on (http:\S+?)["\s]/.exec(api.lines.join('\n'))![1]!;
});

afterAll(async () => {
  await Promise.all(processes.map((each) => each.stop()));
  await standin?.close();
  await nats?.stop();
  await folder?.remove();
  await Promise.all([removeNamespace(teamA), removeNamespace(teamB)]);
});

const role = (name: string, resource: string, verbs: readonly string[]) => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'Role',
  metadata: { name },
  rules: [{ apiGroups: ['genwarden.dev'], resources: [resource], verbs }],
});

async function clusterSettings(): Promise<Record<string, string>> {
  const config = JSON.parse(await kubectl('config', 'view', '--raw', '--minify', '-o', 'json')) as {
    clusters: { cluster: { server: string } }[];
  };
  const ca = join(folder.path, 'ca.crt');
  await writeFile(
    ca,
    await kubectl('get', 'configmap', 'kube-root-ca.crt', '-n', installed, '-o', String.raw`jsonpath={.data.ca\.crt}`),
  );
  return {
    GENWARDEN_AUTH_KUBERNETES: 'on',
    GENWARDEN_KUBERNETES_URL: config.clusters[0]!.cluster.server,
    GENWARDEN_KUBERNETES_CA: ca,
    GENWARDEN_NAMESPACE: installed,
  };
}

/** Creates a service account of team A with these roles, each in a namespace; returns its token. */
async function account(name: string, ...roles: (readonly [role: string, namespace: string])[]): Promise<string> {
  await kubectl('create', 'serviceaccount', name, '-n', teamA);
  for (const [bound, namespace] of roles) {
    await kubectl(
      'create',
      'rolebinding',
      `${name}-${bound}`,
      `--role=${bound}`,
      `--serviceaccount=${teamA}:${name}`,
      '-n',
      namespace,
    );
  }
  return (await kubectl('create', 'token', name, '-n', teamA)).trim();
}

interface Answered {
  status: number;
  json: { code?: string; detail?: string; tenant?: string; id?: string; items?: { id: string; tenant: string }[] };
}

async function ask(token: string, method: string, path: string, namespace?: string, body?: object): Promise<Answered> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(namespace === undefined ? {} : { 'genwarden-namespace': namespace }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, json: text === '' ? {} : (JSON.parse(text) as Answered['json']) };
}

/** Waits until the API server has observed the new rights. */
const untilAllowed = (token: string, path: string, namespace?: string): Promise<Answered> =>
  until(
    async () => {
      const answered = await ask(token, 'GET', path, namespace);
      return answered.status === 200 && answered;
    },
    { what: `200 for ${path}`, timeoutMs: 15_000, intervalMs: 250 },
  );

test('view may read and edit may write, in their own namespace only', async () => {
  const editor = await account('editor', ['edit', teamA]);
  const viewer = await account('viewer', ['view', teamA]);
  await untilAllowed(editor, '/v1/jobs');
  const submitted = await ask(editor, 'POST', '/v1/jobs', undefined, yard);
  expect(submitted).toMatchObject({ status: 202, json: { tenant: teamA } });
  const job = `/v1/jobs/${submitted.json.id}`;
  expect((await untilAllowed(viewer, job, teamA)).json.id).toBe(submitted.json.id);
  expect(await ask(viewer, 'POST', '/v1/jobs', teamA, yard)).toMatchObject({
    status: 403,
    json: {
      detail: `system:serviceaccount:${teamA}:viewer may not create generationjobs.genwarden.dev in namespace ${teamA}`,
    },
  });
  expect((await ask(viewer, 'POST', `${job}/cancel`, teamA, {})).status).toBe(403);
  expect((await ask(viewer, 'DELETE', job, teamA)).status).toBe(403);
  for (const path of ['/v1/jobs', job, '/v1/stuck']) {
    expect([path, (await ask(editor, 'GET', path, teamB)).status]).toEqual([path, 403]);
  }
  expect((await ask(editor, 'GET', '/v1/jobs', '*')).status).toBe(403);
  const neighbour = await account('neighbour', ['edit', teamB]);
  await untilAllowed(neighbour, '/v1/jobs', teamB);
  expect((await ask(neighbour, 'GET', job, teamB)).json.code).toBe('JobNotFound');
  expect((await ask(neighbour, 'GET', '/v1/jobs', teamB)).json.items).toEqual([]);
});

test('pools are visible to users who may list them in the namespace of Genwarden', async () => {
  const someone = await account('someone', ['edit', teamA]);
  const operator = await account('pools', ['pools', installed]);
  await untilAllowed(operator, '/v1/pools');
  // The controller creates the queue once it leads.
  const pause = async () => (await ask(operator, 'POST', '/v1/pools/default/pause', undefined, {})).status === 200;
  await until(pause, { what: 'a pause of the pool', timeoutMs: 20_000, intervalMs: 250 });
  expect(await ask(operator, 'POST', '/v1/pools/default/resume', undefined, {})).toMatchObject({ status: 200 });
  expect((await ask(operator, 'GET', '/v1/jobs')).status).toBe(403);
  expect((await ask(someone, 'GET', '/v1/pools')).status).toBe(403);
});

test('a user with rights in all namespaces sees all jobs at once', async () => {
  const boss = await account('boss');
  const binding = `${teamA}-boss`;
  await kubectl(
    'create',
    'clusterrolebinding',
    binding,
    '--clusterrole=cluster-admin',
    `--serviceaccount=${teamA}:boss`,
  );
  try {
    await untilAllowed(boss, '/v1/jobs', '*');
    const jobs = await Promise.all([teamA, teamB].map((namespace) => ask(boss, 'POST', '/v1/jobs', namespace, yard)));
    const { items } = (await untilAllowed(boss, '/v1/jobs', '*')).json;
    const seen = items!.filter(({ id }) => jobs.some(({ json }) => json.id === id)).map(({ tenant }) => tenant);
    expect(seen.toSorted()).toEqual([teamA, teamB].toSorted());
    expect((await ask(boss, 'POST', '/v1/jobs', '*', yard)).json.code).toBe('NamespaceRequired');
  } finally {
    await kubectl('delete', 'clusterrolebinding', binding);
  }
});

test('a revoked right ends within 10 s, and a deleted token soon after', async () => {
  const brief = await account('brief', ['edit', teamA]);
  await untilAllowed(brief, '/v1/jobs');
  await kubectl('delete', 'rolebinding', 'brief-edit', '-n', teamA);
  const refused = async (status: number) => (await ask(brief, 'GET', '/v1/jobs')).status === status;
  const forbidden = await timed(() => until(() => refused(403), { what: '403', timeoutMs: 10_000, intervalMs: 200 }));
  await kubectl('delete', 'serviceaccount', 'brief', '-n', teamA);
  // The API server itself caches a valid token for 10 s.
  const unknown = await timed(() => until(() => refused(401), { what: '401', timeoutMs: 20_000, intervalMs: 200 }));
  console.log(`a right taken away: refused after ${forbidden} ms; a token revoked: after ${unknown} ms`);
  expect((await ask('not-a-token', 'GET', '/v1/jobs')).json.code).toBe('Unauthorized');
  const said = processes.flatMap(({ lines }) => lines).join('\n');
  expect(said).not.toContain(brief.split('.')[2]);
});

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return Math.round(performance.now() - start);
}

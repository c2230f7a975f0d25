// From the release before to this one, back, and again with its values, under load: jobs over HTTP and GenerationJobs, clients of both
// releases. No accepted job is lost, no prompt is sent to the model twice, and the secrets stay.

import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GenwardenClient } from '../../../src/client/index.ts';
import { markdownTable } from '../../support/markdownTable.ts';
import { until } from '../../support/until.ts';
import { root } from '../../tidy/repository.ts';
import { testValues } from '../support/genwarden.ts';
import { chartFolder, helm, helmWith } from '../support/helm.ts';
import { imageBefore } from '../support/images.ts';
import { aJob } from '../support/jobScene.ts';
import { type Any, apply, getObject, kubectl, listObjects, tryKubectl } from '../support/kubectl.ts';
import { testNamespace } from '../support/namespace.ts';
import { provideVolume, type TestVolume } from '../support/volume.ts';
import { audit } from './audit.ts';
import { keepCalling } from './clients.ts';
import { keepSubmitting, smallPicture } from './load.ts';
import { type PaidModel, startPaidModel } from './paidModel.ts';
import { provideReleaseBefore, type ReleaseBefore } from './releaseBefore.ts';

const namespace = testNamespace('upgrade');
const [repository, tagBefore] = imageBefore.split(':');
const tagNow = (testValues['image'] as { tag: string }).tag;
const wait = ['-n', namespace, '--wait', '--timeout', '580s'];
const rows: Row[] = [];
const accepted: string[] = [];
let before: ReleaseBefore;
let model: PaidModel;
let volume: TestVolume;
let client: GenwardenClient;
let access: Record<string, string>;
let secrets: object[];

beforeAll(async () => {
  await deleteDefinitions();
  before = await provideReleaseBefore();
  model = await startPaidModel(namespace);
  volume = await provideVolume(namespace, 'data-genwarden-nats-0');
  const { gemini, baseUrl } = model.values;
  const values = {
    ...testValues,
    image: { repository, tag: tagBefore, pullPolicy: 'Never' },
    crds: { enabled: true },
    standin: { enabled: false },
    defaultPool: { replicas: 2, concurrency: 4, baseUrl },
    gemini,
  };
  await helmWith(values, 'install', 'genwarden', before.chart, ...wait);
  const { spec } = await getObject('service', 'genwarden-api', namespace);
  secrets = await secretsNow();
  const token = Buffer.from((secrets[0] as { token: string }).token, 'base64').toString();
  const url = `http://${spec.clusterIP}`;
  access = { GENWARDEN_URL: url, GENWARDEN_TOKEN: token };
  client = new GenwardenClient({ url, token });
  await until(() => client.pools(), { what: 'an answer of the API', timeoutMs: 60_000 });
}, 580_000);

afterAll(async () => {
  if (rows.length > 0) console.log(markdownTable(Object.values(columns), rows.map(lineOf)));
  await helm('uninstall', 'genwarden', '-n', namespace, '--ignore-not-found', '--wait', '--timeout', '180s');
  await kubectl('delete', 'pvc', '--all', '-n', namespace, '--wait=false');
  await volume?.remove();
  await deleteDefinitions();
  await before?.[Symbol.asyncDispose]();
}, 280_000);

test('helm upgrade from the release before', { timeout: 1_200_000 }, async () => {
  await underLoad('upgrade', tagNow, () =>
    helm('upgrade', 'genwarden', chartFolder, '--reset-then-reuse-values', '--set', `image.tag=${tagNow}`, ...wait),
  );
  await apply([schedule, aJob('with-ttl', { ttlSecondsAfterFinished: 1 })], namespace);
  await kubectl('wait', '--for=delete', 'gj/with-ttl', '-n', namespace, '--timeout=60s');
});

test('helm rollback to the release before', { timeout: 1_200_000 }, async () => {
  await underLoad('rollback', tagBefore!, () => helm('rollback', 'genwarden', '1', ...wait));
  await getObject('generationschedule', 'yearly', namespace);
});

test('helm upgrade --reuse-values', { timeout: 1_200_000 }, async () => {
  await underLoad('upgrade --reuse-values', tagNow, () =>
    helm('upgrade', 'genwarden', chartFolder, '--reuse-values', '--set', `image.tag=${tagNow}`, ...wait),
  );
  await getObject('generationschedule', 'yearly', namespace);
});

test('helm uninstall keeps the jobs, the definitions and the secrets of others', { timeout: 300_000 }, async () => {
  const jobs = await listObjects('gj', namespace);
  await helm('uninstall', 'genwarden', '-n', namespace, '--wait', '--timeout', '180s');
  await until(async () => (await workloads()).length === 0, { what: 'no workers', timeoutMs: 120_000 });
  const left = (await listObjects('secrets', namespace)).map(({ metadata }) => metadata.name as string);
  expect(left).toEqual(['paid-model']);
  expect((await listObjects('pvc', namespace)).map(({ metadata }) => metadata.name as string)).toEqual([
    'data-genwarden-nats-0',
  ]);
  expect((await listObjects('gj', namespace)).length).toBe(jobs.length);
});

const workloads = (): Promise<Any[]> => listObjects('deployments,statefulsets,replicasets', namespace);

const schedule = {
  apiVersion: 'genwarden.dev/v1alpha1',
  kind: 'GenerationSchedule',
  metadata: { name: 'yearly' },
  spec: { schedule: '0 0 1 1 *', jobTemplate: { spec: aJob('template')['spec'] } },
};

async function deleteDefinitions(): Promise<void> {
  const definitions = await listObjects('customresourcedefinitions', 'default');
  const ours = definitions
    .map(({ metadata }) => metadata.name as string)
    .filter((name) => name.endsWith('.genwarden.dev'));
  if (ours.length > 0) await kubectl('delete', 'customresourcedefinitions', ...ours);
}

/** The data of the generated secrets: the API token first. */
async function secretsNow(): Promise<object[]> {
  const names = ['genwarden-api-token', 'genwarden-nats-auth'];
  return Promise.all(names.map(async (name) => (await getObject('secret', name, namespace))['data'] as object));
}

/** Changes the installation under load, until every pod has the image of this tag. */
async function underLoad(what: string, tag: string, change: () => Promise<unknown>): Promise<void> {
  const name = `${what}:`;
  const load = keepSubmitting(client, { name, everyMs: 1_000, callMs: 3_000 });
  const resources = keepCreating(name);
  const busy = await busyForLong(name);
  const clients = keepCalling(() => commandLines(load.jobs.at(-1) ?? busy[0]!), access);
  await until(() => load.jobs.length >= 10, { what: 'ten accepted jobs', timeoutMs: 60_000 });
  const nats = await natsPod();
  const faultAt = Date.now();
  try {
    await change();
    await until(() => hasOnly(tag), { what: `only pods of ${tag}`, timeoutMs: 360_000, intervalMs: 2_000 });
  } finally {
    await Promise.all([load.stop(), resources.stop()]);
  }
  const seconds = Math.round((Date.now() - faultAt) / 1_000);
  const called = await clients.stop();
  const made = await resources.stop();
  const jobs = [...load.jobs, ...busy];
  accepted.push(...jobs);
  const audited = await audit(client, { fault: `helm ${what}`, jobs, faultAt });
  const twice = await model.paidTwice(name);
  const lost = [...(await missing(accepted)), ...(await unfinished(made))];
  const natsRestarted = (await natsPod()) === nats ? 'no' : 'yes';
  rows.push({
    what,
    jobs: jobs.length + made.length,
    lost: lost.length,
    twice: twice.length,
    ...figures(audited.recoveries),
    pause: audited.pause,
    submit: Math.round(Math.max(...load.waits)),
    calls: `${called.calls} / ${called.failures.length}`,
    natsRestarted,
    seconds,
  });
  console.log(lineOf(rows.at(-1)!).join(' | '), called.failures);
  expect({ lost, twice, failures: called.failures }).toEqual({ lost: [], twice: [], failures: [] });
  expect(await secretsNow()).toMatchObject(secrets);
}

const figures = (recoveries: readonly number[]) => ({
  recovery:
    recoveries.length === 0
      ? '– (0)'
      : `${recoveries[(recoveries.length - 1) >> 1]} / ${recoveries.at(-1)} (${recoveries.length})`,
});

/** Both releases' command lines and plugins, with the token of the first installation. */
const commandLines = (job: string): string[][] =>
  [before.programs, join(root, 'bin')].flatMap((folder) => [
    [join(folder, 'genwarden'), 'get', job],
    [join(folder, 'kubectl-genwarden'), 'list', '-n', namespace, '--url', access['GENWARDEN_URL']!],
  ]);

/** Calls that take longer than the change of the API and the controller: workers finish them while they are replaced. */
const busyForLong = (name: string): Promise<string[]> =>
  Promise.all(
    [1, 2, 3].map(async (each) => {
      const prompt = `${name} long ${each} ${smallPicture(25_000)}`;
      return (await client.submit({ kind: 'image', input: { prompt } })).id;
    }),
  );

/** Creates a GenerationJob every four seconds; resolves with their names. */
function keepCreating(name: string): { stop(): Promise<string[]> } {
  let stopped = false;
  const running = (async () => {
    const names: string[] = [];
    for (let made = 0; !stopped; made += 1) {
      const resource = `${name.replaceAll(/[^a-z]/g, '')}-${made}`;
      await apply(aJob(resource, { input: { prompt: `${name} resource ${made} ${smallPicture(3_000)}` } }), namespace);
      names.push(resource);
      await new Promise((resolve) => setTimeout(resolve, 4_000));
    }
    return names;
  })();
  running.catch(() => undefined);
  return {
    stop: () => {
      stopped = true;
      return running;
    },
  };
}

/** GenerationJobs that are not Complete after a while. Their jobs belong to another tenant than the client. */
async function unfinished(names: readonly string[]): Promise<string[]> {
  const resources = names.map((name) => `gj/${name}`);
  await tryKubectl(['wait', '--for=condition=Complete', '-n', namespace, '--timeout=110s', ...resources]);
  const all = await listObjects('gj', namespace);
  const complete = all
    .filter(({ status }) => status?.state === 'succeeded')
    .map(({ metadata }) => metadata.name as string);
  return names.filter((name) => !complete.includes(name));
}

/** Jobs of all changes so far that the API does not know, or that are not as they ended. */
async function missing(jobs: readonly string[]): Promise<string[]> {
  const found = await Promise.all(jobs.map((job) => client.get(job).catch(() => undefined)));
  return jobs.filter((_, at) => found[at]?.state !== 'succeeded');
}

async function hasOnly(tag: string): Promise<boolean> {
  const pods = await listObjects('pods', namespace, 'app.kubernetes.io/instance=genwarden');
  const images = pods
    .filter(({ metadata }) => metadata.labels['app.kubernetes.io/component'] !== 'nats')
    .map(({ metadata, spec, status }) => [spec.containers[0].image, metadata.deletionTimestamp, isReady(status)]);
  return images.every(([image, ending, ready]) => image === `${repository}:${tag}` && ending === undefined && ready);
}

const isReady = ({ conditions }: Any): boolean =>
  conditions?.some((one: Any) => one['type'] === 'Ready' && one['status'] === 'True') ?? false;

const natsPod = async (): Promise<string> => {
  const { metadata, status } = await getObject('pod', 'genwarden-nats-0', namespace);
  return `${metadata.uid} ${status.containerStatuses[0].restartCount}`;
};

/** Times in ms, but for the duration. */
interface Row {
  readonly what: string;
  readonly jobs: number;
  readonly lost: number;
  readonly twice: number;
  readonly recovery: string;
  readonly pause: number;
  readonly submit: number;
  readonly calls: string;
  readonly natsRestarted: string;
  readonly seconds: number;
}

const columns = {
  what: 'step',
  jobs: 'jobs',
  lost: 'lost',
  twice: 'paid twice',
  recovery: 'recovery p50 / max (ms) (tasks hit)',
  pause: 'longest pause between claims (ms)',
  submit: 'longest submit (ms)',
  calls: 'command lines: calls / failed',
  natsRestarted: 'NATS restarted',
  seconds: 'duration (s)',
};

const lineOf = (row: Row): string[] => Object.keys(columns).map((key) => String(row[key as keyof Row]));

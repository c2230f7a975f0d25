// The chart's three NATS servers under load: rolling restarts by kubectl and by helm upgrade, the loss of the
// server that leads, and a renewed certificate.
// No accepted job is lost, and the stand-in gets each call once.

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { markdownTable } from '../../support/markdownTable.ts';
import { until } from '../../support/until.ts';
import { installGenwarden, type InstalledGenwarden } from '../support/genwarden.ts';
import { getObject, kubectl, untilObject, type Any } from '../support/kubectl.ts';
import { testNamespace } from '../support/namespace.ts';
import { run } from '../support/run.ts';
import { createNatsCertificate, natsTlsSecret, shownCertificate, type NatsCertificate } from '../support/natsTls.ts';
import { audit } from './audit.ts';
import { faultValues, podsOf } from './installation.ts';
import { keepSubmitting } from './load.ts';
import { pidInPod } from './node.ts';

const namespace = testNamespace('nats-faults');
const servers = 3;
const nats = { replicas: servers, tls: { existingSecret: natsTlsSecret }, resources: { requests: { cpu: '50m' } } };
const rows: Row[] = [];
let genwarden: InstalledGenwarden;
let certificate: NatsCertificate;

beforeAll(async () => {
  certificate = await createNatsCertificate(namespace);
  genwarden = await installGenwarden(namespace, { ...faultValues, nats });
});
afterAll(async () => {
  if (rows.length > 0) console.log(markdownTable(Object.values(columns), rows.map(lineOf)));
  await genwarden?.uninstall();
  await certificate?.[Symbol.asyncDispose]();
});

test('kubectl rollout restart replaces all servers', { timeout: 900_000 }, async () => {
  await underLoad(
    'rollout restart of three NATS servers',
    replacingAll(async () => {
      await kubectl('rollout', 'restart', 'statefulset/genwarden-nats', '-n', namespace);
    }),
  );
});

test('so does a helm upgrade with other resources', { timeout: 900_000 }, async () => {
  await underLoad(
    'helm upgrade of three NATS servers',
    replacingAll(async () => {
      await genwarden.upgrade({ nats: { resources: { requests: { cpu: '60m' } } } });
    }),
  );
});

test('the server that leads the stream of jobs is killed', { timeout: 900_000 }, async () => {
  await underLoad('kill -9 of the leading NATS server', async () => {
    const name = await leader();
    const [uid, before] = [(await getObject('pod', name, namespace))['metadata'].uid, await restartsOf('nats')];
    process.kill(pidInPod(uid, 'nats-server'), 'SIGKILL');
    const isBack = async (): Promise<boolean> =>
      String(await restartsOf('nats')) !== String(before) && isReady(await getObject('pod', name, namespace));
    await until(isBack, { what: 'the restarted server to be ready', timeoutMs: 240_000, intervalMs: 500 });
  });
});

test('it is deleted by force', { timeout: 900_000 }, async () => {
  await underLoad('delete pod --force of the leading NATS server', async () => {
    const name = await leader();
    const { metadata } = await getObject('pod', name, namespace);
    await kubectl('delete', 'pod', name, '-n', namespace, '--force', '--grace-period=0');
    await untilObject('pod', name, namespace, (pod) => pod['metadata'].uid !== metadata['uid'] && isReady(pod), {
      what: 'a new pod that is ready',
      // Old and new server may have used the volume at the same time: the container `watch` restarts a server that has noticed.
      timeoutMs: 300_000,
    });
  });
});

test('a renewed certificate is shown without a restart', { timeout: 600_000 }, async () => {
  await underLoad('certificate of three NATS servers renewed', async () => {
    const before = await restartsOf('nats');
    const old = await shownCertificates();
    await certificate.renew();
    const isRenewed = async (): Promise<boolean> => (await shownCertificates()).every((one, at) => one !== old[at]);
    await until(isRenewed, { what: 'the new certificate of all servers', timeoutMs: 300_000, intervalMs: 1_000 });
    expect(await restartsOf('nats')).toEqual(before);
  });
});

test(
  'changed passwords need a restart of the servers and the operator, and of nothing else',
  { timeout: 900_000 },
  async () => {
    await underLoad('passwords of three NATS servers changed', async () => {
      const before = await Promise.all(readers.map(restartsOf));
      const passwords = [...readers, 'operator', 'system'].map((user) => [`${user}-password`, `changed-${user}`]);
      const patch = JSON.stringify({ stringData: Object.fromEntries(passwords) });
      await kubectl('patch', 'secret', 'genwarden-nats-auth', '-n', namespace, '--type', 'merge', '-p', patch);
      const isUpdated = async (): Promise<boolean> =>
        (await passwordsInPods()).every((password) => password.startsWith('changed-'));
      await until(isUpdated, { what: 'the new passwords in the pods', timeoutMs: 300_000, intervalMs: 1_000 });
      await replacingAll(async () => {
        const both = ['deployment/genwarden-operator', 'statefulset/genwarden-nats'];
        await kubectl('rollout', 'restart', ...both, '-n', namespace);
      })();
      const operator = ['rollout', 'status', 'deployment/genwarden-operator', '-n', namespace];
      await run('kubectl', operator, { timeoutMs: 240_000 });
      expect(await Promise.all(readers.map(restartsOf))).toEqual(before);
    });
  },
);

/** Those that read their password from a file. */
const readers = ['api', 'controller', 'worker'] as const;

async function passwordsInPods(): Promise<string[]> {
  const pods = (await Promise.all(readers.map((component) => podsOf(genwarden, component)))).flat();
  return pods.map(({ metadata }) =>
    readFileSync(`/proc/${pidInPod(metadata['uid'])}/root/etc/genwarden/nats-auth/password`, 'utf8'),
  );
}

const shownCertificates = async (): Promise<string[]> =>
  Promise.all((await podsOf(genwarden, 'nats')).map(({ status }) => shownCertificate(status['podIP'])));

/** By the id of the pod. */
const restartsOf = async (component: string): Promise<[string, number][]> =>
  (await podsOf(genwarden, component)).flatMap(({ metadata, status }) =>
    status['containerStatuses'].map((one: Any) => [metadata['uid'], one['restartCount']]),
  );

/** Starts a rolling update, and returns when no old pod is left; checks that two servers were ready all the time. */
const replacingAll = (start: () => Promise<void>) => async (): Promise<void> => {
  const before = (await podsOf(genwarden, 'nats')).map(({ metadata }) => metadata['uid'] as string);
  const watch = new AbortController();
  const fewest = fewestReady(watch.signal);
  await start();
  const rollout = ['rollout', 'status', 'statefulset/genwarden-nats', '-n', namespace, '--timeout=600s'];
  await run('kubectl', rollout, { timeoutMs: 620_000 });
  watch.abort();
  const now = await podsOf(genwarden, 'nats');
  expect(now.filter(({ metadata }) => before.includes(metadata['uid']))).toEqual([]);
  expect(await fewest).toBe(servers - 1);
};

/** The fewest servers that were Ready at the same time. */
async function fewestReady(signal: AbortSignal): Promise<number> {
  let fewest = servers;
  while (!signal.aborted) {
    fewest = Math.min(fewest, (await podsOf(genwarden, 'nats')).filter(isReady).length);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return fewest;
}

interface Row {
  readonly what: string;
  readonly accepted: number;
  readonly lost: number;
  readonly twice: number;
  readonly p50: number;
  readonly max: number;
  readonly seconds: number;
}

const columns = {
  what: 'three NATS servers',
  accepted: 'submits accepted',
  lost: 'lost',
  twice: 'called twice',
  p50: 'submit p50 (ms)',
  max: 'submit max (ms)',
  seconds: 'duration (s)',
};

const lineOf = (row: Row): string[] => Object.keys(columns).map((key) => String(row[key as keyof Row]));

async function underLoad(what: string, hurt: () => Promise<void>): Promise<void> {
  const load = keepSubmitting(genwarden.client, { name: what, everyMs: 250 });
  await until(() => load.jobs.length >= 10, { what: 'ten accepted jobs', timeoutMs: 60_000 });
  const faultAt = Date.now();
  try {
    await hurt();
  } finally {
    await load.stop();
  }
  const seconds = Math.round((Date.now() - faultAt) / 1_000);
  const { histories } = await audit(genwarden.client, { fault: what, jobs: load.jobs, faultAt });
  const waits = load.waits.toSorted((one, other) => one - other).map(Math.round);
  const accepted = load.jobs.length;
  const twice = await calledTwice(what);
  rows.push({
    what,
    accepted,
    lost: accepted - histories.length,
    twice,
    p50: waits[accepted >> 1]!,
    max: waits.at(-1)!,
    seconds,
  });
  expect(twice).toBe(0);
}

/** Prompts for which the stand-in has answered more than one call. It keeps the last 2,000 calls. */
async function calledTwice(what: string): Promise<number> {
  const { spec } = await getObject('service', 'genwarden-standin', namespace);
  const answer = await fetch(`http://${spec.clusterIP}/standin/requests`);
  const { requests } = (await answer.json()) as { requests: { prompt: string; outcome: string }[] };
  const prompts = requests.filter(({ prompt, outcome }) => prompt.startsWith(what) && outcome === 'answered');
  return prompts.length - new Set(prompts.map(({ prompt }) => prompt)).size;
}

/** The name of the server, which is that of its pod. */
async function leader(): Promise<string> {
  const { status } = await getObject('pod', 'genwarden-nats-0', namespace);
  const answer = await fetch(`http://${status.podIP}:8222/jsz?streams=1`);
  const { account_details } = (await answer.json()) as { account_details: Any[] };
  const details = account_details.flatMap(({ stream_detail }) => stream_detail as Any[]);
  return details.find(({ name }) => name === 'genwarden_tasks')!['cluster'].leader;
}

const isReady = ({ status }: Any): boolean =>
  status['conditions']?.some((one: Any) => one['type'] === 'Ready' && one['status'] === 'True') ?? false;

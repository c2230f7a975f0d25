// Loss and drain of a node under load, in a cluster of two. Every task of a lost node runs elsewhere, none is recorded twice when
// the node comes back, and a drain loses nothing. The table shows how long the tasks took to run again.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { GenwardenClient } from '../../../src/client/index.ts';
import { until } from '../../support/until.ts';
import { installGenwarden, type InstalledGenwarden } from '../support/genwarden.ts';
import { kubectl, listObjects, logsOf, type Any } from '../support/kubectl.ts';
import { testNamespace } from '../support/namespace.ts';
import { endure, faultValues, podsOf, type Endured } from './installation.ts';
import { addSecondNode, type SecondNode } from './secondNode.ts';

const namespace = testNamespace('node-loss');
let genwarden: InstalledGenwarden;
let node: SecondNode;

/** What has one pod stays on the node that is not lost. */
const onFirst = { nodeSelector: { 'kubernetes.io/hostname': 'node1' } };

beforeAll(async () => {
  node = await addSecondNode();
  const defaultPool = { replicas: 4, concurrency: 4 };
  const installed = await installGenwarden(namespace, {
    ...faultValues,
    standin: { ...(faultValues['standin'] as object), ...onFirst },
    nats: onFirst,
    operator: { replicas: 2 },
    defaultPool,
  });
  // Requests to an API pod of a silent node get no answer, until Kubernetes takes the node for lost after 50 s.
  const { url, token } = installed;
  genwarden = { ...installed, client: new GenwardenClient({ url, token, timeoutMs: 2_000 }) };
  await untilAllReady();
});
afterAll(async () => {
  await genwarden?.uninstall();
  await node?.remove();
});

test('every component is spread over both nodes', async () => {
  for (const component of ['api', 'controller', 'operator', 'worker']) {
    const nodes = (await podsOf(genwarden, component)).map(({ spec }) => spec.nodeName as string);
    expect({ component, nodes: [...new Set(nodes)].toSorted() }).toEqual({ component, nodes: ['node1', 'node2'] });
  }
});

test('a node loses its power', async () => {
  await leadOn('node1');
  await lose('power of a node cut', async (struck) => node.cutPower(struck));
});

test('a node with the leading controller loses its power', async () => {
  await leadOn('node2');
  await lose('power cut, with the leading controller', async (struck) => node.cutPower(struck));
});

test('a node loses its power, and its connections stay open', async () => {
  await leadOn('node1');
  await lose('power cut in silence', async (struck) => {
    struck();
    const reconnect = await node.cutNetwork();
    const restore = node.cutPower(() => undefined);
    return async () => {
      await reconnect();
      await restore();
    };
  });
});

test('a node loses its network, and it comes back', async () => {
  await leadOn('node1');
  const before = await lateEnds();
  const { recoveries } = await lose('network of a node cut for 20 s', async (struck) => {
    struck();
    const reconnect = await node.cutNetwork();
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    return reconnect;
  });
  // When the network is back, each lost attempt offers its result, or stops if its call has not been answered.
  const after = await lateEnds();
  const [refused, stopped] = [after.refused - before.refused, after.stopped - before.stopped];
  console.log(
    `network cut: ${recoveries.length} tasks taken from a worker; ${refused} late results refused, ${stopped} late attempts stopped`,
  );
  expect(refused + stopped).toBeGreaterThanOrEqual(recoveries.length);
});

test('both nodes are drained in turn', async () => {
  const one = await drained('node2');
  const other = await drained('node1');
  expect([one, other].map(({ moved }) => moved)).toEqual([true, true]);
});

/** One row: the node is lost while its workers are busy, and restored before the audit. */
async function lose(fault: string, cut: (struck: () => void) => Promise<() => Promise<void>>): Promise<Endured> {
  const audited = await endure(genwarden, {
    fault,
    // Each of four workers runs one or two tasks then, and the two that remain can run four a second.
    everyMs: 300,
    hurt: async ({ struck }) => {
      await until(busyOnSecond, { what: 'busy workers on both nodes', timeoutMs: 60_000 });
      const restore = await cut(struck);
      // The controllers find the loss within the timeout of heartbeats.
      await new Promise((resolve) => setTimeout(resolve, 10_000));
      await restore();
    },
  });
  await untilAllReady();
  expect(audited.recoveries.length).toBeGreaterThan(0);
  return audited;
}

/** One row: the node is drained under load, as for its replacement, and then usable again. */
async function drained(name: string): Promise<{ moved: boolean }> {
  const components = ['api', 'controller', 'operator', 'worker'];
  let moved = false;
  const audited = await endure(genwarden, {
    fault: `kubectl drain ${name}`,
    everyMs: 400,
    hurt: async ({ struck }) => {
      struck();
      // The server of NATS and the stand-in have one pod each, on the first node.
      const ours = `app.kubernetes.io/component in (${components.join(',')})`;
      await kubectl(
        'drain',
        name,
        '--ignore-daemonsets',
        '--delete-emptydir-data',
        '--timeout=200s',
        '--pod-selector',
        ours,
      );
      const left = (await Promise.all(components.map((component) => podsOf(genwarden, component)))).flat();
      moved = left.every(({ spec }) => spec.nodeName !== name);
    },
  });
  console.log(`drain of ${name}: ${pausesOf(audited)}`);
  await kubectl('uncordon', name);
  await untilAllReady();
  return { moved };
}

/** The longest times without a submit and from a submit to its claim, and when each began. */
function pausesOf({ histories, longestSubmit }: Endured): string {
  const submits = histories.map(([first]) => Date.parse(first!.at)).toSorted((a, b) => a - b);
  const gaps = submits.slice(1).map((time, index) => ({ ms: time - submits[index]!, from: submits[index]! }));
  const waits = histories.flatMap((history) => {
    const claim = history.find(({ state }) => state === 'running');
    const from = Date.parse(history[0]!.at);
    return claim === undefined ? [] : [{ ms: Date.parse(claim.at) - from, from }];
  });
  const longest = (times: readonly { ms: number; from: number }[]): string => {
    const { ms, from } = times.toSorted((a, b) => b.ms - a.ms)[0]!;
    return `${ms} ms, ${from - submits[0]!} ms after the first submit`;
  };
  return `no submit for ${longest(gaps)}; no claim of a task for ${longest(waits)}; a submit took up to ${longestSubmit} ms`;
}

/** What the logs of the workers on the second node say about attempts that had lost their task. */
async function lateEnds(): Promise<{ refused: number; stopped: number }> {
  const pods = (await podsOf(genwarden, 'worker')).filter(({ spec }) => spec.nodeName === node.name);
  const logs = await Promise.all(pods.map(({ metadata }) => logsOf(metadata['name'], namespace)));
  const count = (text: string): number => logs.join('\n').split(text).length - 1;
  return {
    refused: count('"event":"status_write_refused"'),
    stopped: count('because the task no longer belongs to this worker'),
  };
}

async function busyOnSecond(): Promise<boolean> {
  const there = (await podsOf(genwarden, 'worker')).filter(({ spec }) => spec.nodeName === node.name);
  const names = there.map(({ metadata }) => metadata['name'] as string);
  const workers = (await genwarden.client.workers()).filter(({ host }) => names.includes(host));
  return workers.length === names.length && workers.every(({ tasks }) => tasks.length > 0);
}

async function untilAllReady(): Promise<void> {
  const look = async (): Promise<boolean> => {
    const deployments = await listObjects('deployments', namespace);
    const workers = (await genwarden.client.workers()).filter(({ state }) => state !== 'stopped');
    return workers.length >= 4 && deployments.every(isComplete);
  };
  await until(look, { what: 'all pods to be ready', timeoutMs: 180_000, intervalMs: 1_000 });
}

const isComplete = ({ spec, status }: Any): boolean =>
  status.readyReplicas === spec.replicas && status.replicas === spec.replicas;

/** Deletes leading controllers until one on the node leads. */
async function leadOn(name: string): Promise<void> {
  await until(
    async () => {
      const pods = (await podsOf(genwarden, 'controller')).filter(({ metadata }) => !metadata['deletionTimestamp']);
      const leads = await Promise.all(pods.map(isLeading));
      const leader = pods[leads.indexOf(true)];
      if (leader === undefined || leader['spec'].nodeName === name) return leader !== undefined;
      await kubectl('delete', 'pod', leader['metadata'].name, '-n', namespace);
      await untilAllReady();
      return false;
    },
    { what: `a leading controller on ${name}`, timeoutMs: 240_000, intervalMs: 1_000 },
  );
}

async function isLeading({ status }: Any): Promise<boolean> {
  const answer = await fetch(`http://${status.podIP}:8083/metrics`, { signal: AbortSignal.timeout(2_000) });
  return /^leader_election_master_status\{[^}]*\} 1$/m.test(await answer.text());
}

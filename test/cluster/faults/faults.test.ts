// Faults in a cluster under load: killed pods and processes, a restart of everything, and Kubernetes components that hang. No
// acknowledged job is lost, none succeeds twice, and all finish. The table shows the recovery times.

import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { installGenwarden, type InstalledGenwarden } from '../support/genwarden.ts';
import { getObject, kubectl, untilObject, type Any } from '../support/kubectl.ts';
import { testNamespace } from '../support/namespace.ts';
import { attempt } from '../support/run.ts';
import { endure, faultValues, podsOf } from './installation.ts';
import { pidInPod, stopFor } from './node.ts';

const namespace = testNamespace('faults');
let genwarden: InstalledGenwarden;

beforeAll(async () => {
  genwarden = await installGenwarden(namespace, faultValues);
});
afterAll(() => genwarden?.uninstall());

test("a busy worker's pod is deleted without grace", async () => {
  const { recoveries } = await endure(genwarden, {
    fault: 'delete pod --force of a busy worker',
    // Longer than the node lets it run.
    everyMs: 1_200,
    callMs: 8_000,
    hurt: async ({ busyWorkerPod, struck }) => {
      const { metadata } = await busyWorkerPod();
      struck();
      await kubectl('delete', 'pod', metadata['name'], '-n', namespace, '--force', '--grace-period=0');
    },
  });
  expect(recoveries.length).toBeGreaterThan(0);
});

test('the process of a busy worker is killed', async () => {
  let killed: Any | undefined;
  const { recoveries } = await endure(genwarden, {
    fault: 'kill -9 of a busy worker',
    hurt: async ({ busyWorkerPod, struck }) => {
      killed = await busyWorkerPod();
      const pid = pidInPod(killed['metadata'].uid);
      struck();
      process.kill(pid, 'SIGKILL');
    },
  });
  expect(recoveries.length).toBeGreaterThan(0);
  expect(await endOf(killed!)).toMatchObject({ exitCode: 137 });
});

test('a busy worker runs out of memory', async () => {
  let killed: Any | undefined;
  const { recoveries } = await endure(genwarden, {
    fault: 'OOM kill of a busy worker',
    // Filling the memory takes seconds.
    everyMs: 1_200,
    callMs: 10_000,
    hurt: async ({ busyWorkerPod, struck }) => {
      killed = await busyWorkerPod();
      const { name, uid } = killed['metadata'];
      struck();
      // Other processes exceed the container's limit, each smaller than the worker; the kernel is set to kill the worker first.
      writeFileSync(`/proc/${pidInPod(uid)}/oom_score_adj`, '1000');
      await attempt('kubectl', ['exec', name, '-n', namespace, '--', 'sh', '-c', hoard], { timeoutMs: 60_000 });
    },
  });
  expect(recoveries.length).toBeGreaterThan(0);
  expect(await endOf(killed!)).toMatchObject({ reason: 'OOMKilled' });
});

const hoard =
  'i=0; while [ $i -lt 30 ]; do node -e "b = Buffer.alloc(2e7, 1); setInterval(() => b, 1e6)" & i=$((i + 1)); done; wait';

test('everything is restarted gracefully', async () => {
  await endure(genwarden, {
    fault: 'rolling restart of everything',
    hurt: async () => {
      const deployments = (await kubectl('get', 'deployments', '-n', namespace, '-o', 'name')).trim().split('\n');
      for (const name of deployments) await kubectl('rollout', 'restart', name, '-n', namespace);
      for (const name of deployments) await kubectl('rollout', 'status', name, '-n', namespace, '--timeout=180s');
    },
  });
});

test('the NATS pod is deleted', async () => {
  await endure(genwarden, {
    fault: 'NATS pod deleted',
    hurt: async () => {
      const name = `${genwarden.fullname}-nats-0`;
      const { metadata } = await getObject('pod', name, namespace);
      await kubectl('delete', 'pod', name, '-n', namespace);
      await untilObject('pod', name, namespace, (pod) => pod['metadata'].uid !== metadata['uid'] && isReady(pod), {
        what: 'a new pod of NATS that is ready',
      });
    },
  });
});

test('all controller pods are deleted', async () => {
  await endure(genwarden, {
    fault: 'controller pods deleted, a worker killed',
    hurt: async ({ busyWorkerPod, struck }) => {
      const names = (await podsOf(genwarden, 'controller')).map(({ metadata }) => metadata['name'] as string);
      expect(names.length).toBe(2);
      await kubectl('delete', 'pod', ...names, '-n', namespace, '--wait=false');
      const { metadata } = await busyWorkerPod();
      const pid = pidInPod(metadata['uid']);
      struck();
      process.kill(pid, 'SIGKILL');
    },
  });
});

test('the Kubernetes API server hangs for a minute', async () => {
  await endure(genwarden, {
    fault: 'kube-apiserver stopped for a minute',
    hurt: () => stopFor('kube-apiserver', 60_000),
  });
  await until(async () => (await attempt('kubectl', ['get', '--raw', '/readyz'])).code === 0, { what: 'its answer' });
});

test('the kubelet hangs for a minute, and a worker dies in the meantime', async () => {
  const { recoveries } = await endure(genwarden, {
    fault: 'kubelet stopped for a minute, a worker killed',
    everyMs: 400,
    hurt: async ({ busyWorkerPod, struck }) => {
      const { metadata } = await busyWorkerPod();
      const pid = pidInPod(metadata['uid']);
      const stopped = stopFor('kubelet', 60_000);
      struck();
      process.kill(pid, 'SIGKILL');
      await stopped;
    },
  });
  expect(recoveries.length).toBeGreaterThan(0);
});

const isReady = ({ status }: { [field: string]: { conditions?: { type: string; status: string }[] } }): boolean =>
  status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') ?? false;

/** How the container of the given pod state ended. */
async function endOf(before: Any): Promise<unknown> {
  const restarts = (pod: Any): number => pod['status'].containerStatuses?.[0]?.restartCount ?? 0;
  const isRestarted = (pod: Any): boolean => restarts(pod) > restarts(before);
  const name: string = before['metadata'].name;
  const { status } = await untilObject('pod', name, namespace, isRestarted, { what: `a restart of ${name}` });
  return status['containerStatuses'][0].lastState.terminated;
}

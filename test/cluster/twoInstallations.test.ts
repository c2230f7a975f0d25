// Two installations, each with its own NATS, whose operators watch one namespace of a real API server.
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { startInstallation } from '../support/installation.ts';
import { startProcess, type TestProcess } from '../support/process.ts';
import { until } from '../support/until.ts';
import { applyDefinitions } from './support/genwarden.ts';
import { apply, kubectl, listObjects, type Any } from './support/kubectl.ts';
import { createNamespace, newName, removeNamespace } from './support/namespace.ts';

const program = fileURLToPath(new URL('../../bin/genwarden', import.meta.url));

beforeAll(applyDefinitions);

const aJob = (name: string): Any => ({
  apiVersion: 'genwarden.dev/v1alpha1',
  kind: 'GenerationJob',
  metadata: { name },
  spec: { kind: 'image', input: { prompt: 'a front yard' } },
});

/** An installation beside the cluster, and how to start its operator. */
async function installationNamed(name: string, watched: string) {
  const { nats, standin } = await startInstallation({ processes: ['controller', 'worker'] });
  const env = {
    GENWARDEN_NATS_SERVER: undefined,
    GENWARDEN_NATS_URL: nats.url,
    GENWARDEN_METRICS_PORT: '0',
    GENWARDEN_LOG_FORMAT: 'json',
    GENWARDEN_NAMESPACE: name,
    GENWARDEN_WATCH_NAMESPACES: watched,
  };
  const startOperator = (): Promise<TestProcess> =>
    startProcess(program, ['operator'], { env, readyWhen: /resource_controller_started/, timeoutMs: 30_000 });
  return { standin, startOperator };
}

test('each GenerationJob is generated and paid for once, and the other installation says whose it is', async () => {
  const namespace = newName('two-installations');
  await createNamespace(namespace);
  onTestFinished(() => removeNamespace(namespace));
  const names = [newName('one'), newName('two')];
  const [one, two] = await Promise.all(names.map((name) => installationNamed(name, namespace)));
  const operators = await Promise.all([one!.startOperator(), two!.startOperator()]);
  const all = Array.from({ length: 30 }, (_, at) => aJob(`job-${at}`));
  await apply(all, namespace, '--server-side');
  await kubectl('wait', '--for=condition=Complete', 'gj', '--all', '-n', namespace, '--timeout=100s');
  const calls = [one!, two!].map(({ standin }) => standin.requests.length);
  expect(calls[0]! + calls[1]!).toBe(30);
  const events = await until(
    async () => {
      const found = (await listObjects('events.events.k8s.io', namespace)).filter(
        ({ reason }) => reason === 'OtherInstallation',
      );
      return found.length > 0 && found;
    },
    { what: 'an event about the other installation', timeoutMs: 20_000 },
  );
  expect(events[0]!['note']).toMatch(/^Installation \S+ runs this GenerationJob\. Installation \S+ also watches/);
  const reasons = (await listObjects('events.events.k8s.io', namespace)).map(({ reason }) => reason);
  expect(reasons.filter((reason) => reason === 'Retried')).toEqual([]);
  expect(reasons.filter((reason) => reason === 'Succeeded')).toHaveLength(30);
  const said = operators.flatMap(({ lines }) =>
    lines.filter((line) => line.includes('namespace_of_two_installations')),
  );
  expect(said.length).toBeGreaterThan(0);
  const owners = (await listObjects('gj', namespace)).map(({ status }) => status.installation);
  console.log(`30 GenerationJobs, ${calls.join(' + ')} calls; ${said.length} log lines: ${JSON.parse(said[0]!).msg}`);
  console.log(`owners: ${names.map((name) => owners.filter((owner) => owner === name).length).join(' and ')}`);
});

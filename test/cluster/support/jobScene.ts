// A namespace whose GenerationJobs an installation beside the cluster runs, and what tests ask about them.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { GenwardenClient, type ListedJob } from '../../../src/client/index.ts';
import { startInstallation, type Env, type InstallationOptions } from '../../support/installation.ts';
import { startProcess, type TestProcess } from '../../support/process.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { getObject, untilObject, type Any } from './kubectl.ts';
import { createNamespace, newName, removeNamespace } from './namespace.ts';
import { run } from './run.ts';

const program = fileURLToPath(new URL('../../../bin/genwarden', import.meta.url));

export interface Scene {
  readonly namespace: string;
  /** A client with access to the jobs of the namespace. */
  readonly client: GenwardenClient;
  /** Runs `kubectl genwarden` in the namespace; standard output. */
  plugin(...args: string[]): Promise<string>;
  readonly standin: Awaited<ReturnType<typeof startInstallation>>['standin'];
  startOperator(env?: Env): Promise<TestProcess>;
  startWorker(env?: Env): Promise<TestProcess>;
  jobs(): Promise<ListedJob[]>;
}

/** A namespace, an installation beside the cluster, and an API token of the namespace. */
export async function aScene(options: InstallationOptions = {}): Promise<Scene> {
  const namespace = newName('generationjob');
  await createNamespace(namespace);
  onTestFinished(() => removeNamespace(namespace));
  const folder = await tempFolder('tokens');
  onTestFinished(() => folder.remove());
  const tokens = join(folder.path, 'tokens.json');
  const make = ['token', 'create', '--name', 'test', '--tenant', namespace, '--file', tokens];
  const token = (await run(program, [...make, '--scope', 'jobs:read', 'jobs:write', 'admin'])).trim();
  const auth = { GENWARDEN_AUTH_TOKENS_FILE: tokens };
  const installation = await startInstallation({ ...options, env: { ...auth, ...options.env } });
  const { nats, standin, url } = installation;
  const client = new GenwardenClient({ url, token });
  const env: Env = {
    GENWARDEN_NATS_SERVER: undefined,
    GENWARDEN_NATS_URL: nats.url,
    GENWARDEN_METRICS_PORT: '0',
    GENWARDEN_LOG_FORMAT: 'json',
    GENWARDEN_NAMESPACE: namespace,
    GENWARDEN_WATCH_NAMESPACES: namespace,
  };
  return {
    namespace,
    client,
    plugin: (...args) =>
      run(`${dirname(program)}/kubectl-genwarden`, [...args, '--url', url, '--token', token, '-n', namespace]),
    standin,
    startOperator: (more = {}) =>
      startProcess(program, ['operator'], {
        env: { ...env, ...more },
        readyWhen: /operator started/,
        timeoutMs: 30_000,
      }),
    startWorker: (more = {}) => installation.start('worker', more),
    async jobs() {
      const all: ListedJob[] = [];
      for await (const job of client.list()) all.push(job);
      return all;
    },
  };
}

export const apiVersion = 'genwarden.dev/v1alpha1';

export const aJob = (name: string, spec: object = {}): Any => ({
  apiVersion,
  kind: 'GenerationJob',
  metadata: { name, labels: { project: 'p42', 'app.kubernetes.io/managed-by': 'tests' } },
  spec: { kind: 'image', input: { prompt: 'a front yard' }, ...spec },
});

export const state = async (name: string, namespace: string): Promise<string> =>
  (await getObject('gj', name, namespace))['status']?.state;

export const untilState = (name: string, namespace: string, wanted: string, timeoutMs = 60_000): Promise<Any> =>
  untilObject('gj', name, namespace, ({ status }) => status?.state === wanted, {
    what: `${name} ${wanted}`,
    timeoutMs,
  });

export const conditions = ({ status }: Any): Record<string, string> =>
  Object.fromEntries(
    status.conditions.map((one: { type: string; status: string; reason: string }) => [
      one.type,
      `${one.status} ${one.reason}`,
    ]),
  );

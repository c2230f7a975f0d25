// The init container of the operator: node ensureSecrets.js FILE. Creates the Secrets that the file describes and that do not
// exist yet. It is a program of its own because the whole command line takes longer to load, and NATS waits for its passwords.

import { randomBytes } from 'node:crypto';
import { KubeClient } from '../adapters/kubernetes/client.ts';
import { installationNamespace, podServer } from '../adapters/kubernetes/podEnvironment.ts';
import { sleep } from '../async/sleep.ts';
import { version } from '../config/version.ts';
import { logEvent } from '../job/logEvents/index.ts';
import { type EnsureContext, ensureSecrets } from '../operator/secrets/ensure.ts';
import { readSecretsFile, type SecretsFile } from '../operator/secrets/file.ts';
import { KubeError } from '../ports/kubernetes.ts';
import { createLogger } from '../telemetry/log.ts';
import { adminToken } from './ensuredToken.ts';

/** The API server may not answer yet, for example while the network of a new node is set up. */
const mostTries = 60;
const retryEvery = 500;

const logger = createLogger({ level: 'info', format: 'json', process: 'operator' });

try {
  await run(process.argv[2] ?? '');
} catch (err) {
  logEvent(logger, 'secrets_not_ensured', { err }, 'Cannot create the secrets of this installation');
  process.exitCode = 1;
}

async function run(path: string): Promise<void> {
  const file = readSecretsFile(path);
  const kubeconfig = podServer(process.env);
  const cluster = new KubeClient({ kubeconfig, program: 'genwarden-secrets', version });
  try {
    const namespace = installationNamespace(undefined);
    for (const { name, outcome, entries } of await ensured(
      { cluster, namespace, random: randomBytes, adminToken },
      file,
    ))
      logEvent(
        logger,
        'secret_ensured',
        { resource: `${namespace}/${name}`, count: entries.length },
        `Secret ${name}: ${outcome}`,
      );
  } finally {
    cluster.close();
  }
}

async function ensured(context: EnsureContext, file: SecretsFile): ReturnType<typeof ensureSecrets> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ensureSecrets(context, file);
    } catch (error) {
      const mayPass = error instanceof KubeError && (error.status === 0 || error.status === 429 || error.status >= 500);
      if (!mayPass || tries === mostTries) throw error;
      await sleep(retryEvery);
    }
  }
}

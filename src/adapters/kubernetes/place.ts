// Where the API server is and in which namespace this installation runs: as set, else as Kubernetes tells every pod.

import { readFileSync } from 'node:fs';
import { GenwardenError } from '../../job/errors/index.ts';
import type { ApiServerAddress } from './apiServer.ts';

export interface PlaceSettings {
  readonly url?: string | undefined;
  /** Path. */
  readonly ca?: string | undefined;
  readonly namespace?: string | undefined;
}

const mounted = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Throws `InvalidConfiguration` where the API server's address or the file of its authority is missing. */
export function kubernetesPlace(
  { url, ca, namespace }: PlaceSettings,
  env: Readonly<Record<string, string | undefined>>,
  files: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): ApiServerAddress & { readonly namespace: string } {
  return {
    url: url ?? urlFrom(env),
    ca: ca === undefined ? readIfThere(`${mounted}/ca.crt`, files) : read(ca, files),
    namespace: namespace ?? readIfThere(`${mounted}/namespace`, files)?.trim() ?? 'default',
  };
}

function urlFrom(env: Readonly<Record<string, string | undefined>>): string {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = env;
  if (host !== undefined && host !== '') return `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const why =
    'GENWARDEN_AUTH_KUBERNETES=on: this is no pod, so GENWARDEN_KUBERNETES_URL must say where the API server is';
  throw new GenwardenError('InvalidConfiguration', why);
}

function read(path: string, files: (path: string) => string): string {
  try {
    return files(path);
  } catch (error) {
    const message = `GENWARDEN_KUBERNETES_CA=${path}: cannot be read (${(error as Error).message})`;
    throw new GenwardenError('InvalidConfiguration', message);
  }
}

function readIfThere(path: string, files: (path: string) => string): string | undefined {
  try {
    return files(path);
  } catch {
    return undefined;
  }
}

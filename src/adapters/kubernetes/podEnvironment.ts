// Reads the environment that Kubernetes gives every pod: the address of the API server, its certificate authority and the
// pod's namespace. Settings take precedence.

import { readFileSync } from 'node:fs';
import { GenwardenError } from '../../job/errors/index.ts';
import type { KubeServer } from './http.ts';

export interface ApiServerAddress {
  readonly url: string;
  /** PEM of the authority that signed the server's certificate; undefined: those of the system. */
  readonly ca: string | undefined;
}

interface AddressSettings {
  readonly url?: string | undefined;
  /** Path. */
  readonly ca?: string | undefined;
}

type Read = (path: string) => string;

/** Where a pod finds its service account. */
export const mountedAccount = '/var/run/secrets/kubernetes.io/serviceaccount';
const readText: Read = (path) => readFileSync(path, 'utf8');

/** Throws `InvalidConfiguration` when the address is unknown, or the file of the authority cannot be read. */
export function apiServerAddress(
  { url, ca }: AddressSettings,
  env: Readonly<Record<string, string | undefined>>,
  read: Read = readText,
): ApiServerAddress {
  return {
    url: url ?? urlFrom(env),
    ca: ca === undefined ? readIfPresent(`${mountedAccount}/ca.crt`, read) : readAuthority(ca, read),
  };
}

/**
 * The API server with the pod's service account, for programs that start often: client-node takes a second to load. Throws
 * `InvalidConfiguration` outside a pod.
 */
export function podServer(env: Readonly<Record<string, string | undefined>>, read: Read = readText): KubeServer {
  const { url, ca } = apiServerAddress({}, env, read);
  return {
    url: new URL(url),
    viaProxy: false,
    requestOptions: async () => ({
      ...(ca === undefined ? {} : { ca }),
      headers: { authorization: `Bearer ${read(`${mountedAccount}/token`).trim()}` },
    }),
  };
}

/** The namespace of the installation. */
export const installationNamespace = (setting: string | undefined, read: Read = readText): string =>
  setting ?? readIfPresent(`${mountedAccount}/namespace`, read)?.trim() ?? 'default';

function urlFrom(env: Readonly<Record<string, string | undefined>>): string {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = env;
  if (host !== undefined && host !== '') return `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const message =
    'The address of the Kubernetes API server is unknown outside a pod: set GENWARDEN_KUBERNETES_URL, which GENWARDEN_AUTH_KUBERNETES=on and GENWARDEN_JOBS_API_SECRET need';
  throw new GenwardenError('InvalidConfiguration', message);
}

function readAuthority(path: string, read: Read): string {
  try {
    return read(path);
  } catch (error) {
    const message = `GENWARDEN_KUBERNETES_CA=${path}: cannot be read (${(error as Error).message})`;
    throw new GenwardenError('InvalidConfiguration', message);
  }
}

function readIfPresent(path: string, read: Read): string | undefined {
  try {
    return read(path);
  } catch {
    return undefined;
  }
}

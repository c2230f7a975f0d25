// Connects a client command to the Genwarden installation of a cluster, through a port-forward as the kubeconfig's user.

import { existsSync } from 'node:fs';
import { KubeClient, openTunnel, type Kubeconfig, loadKubeconfig } from '../../adapters/kubernetes/index.ts';
import { version } from '../../config/version.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import { KubeError, type PodConnection } from '../../ports/kubernetes.ts';
import type { Connect, Connection } from '../client/connection.ts';
import { clientSettings } from '../client/session.ts';
import type { Io } from '../output/io.ts';
import { installationBearer, kubeconfigBearer, kubeconfigToken, type Bearer } from './bearer.ts';
import { clusterError } from './clusterError.ts';
import type { PluginFlags } from './flags.ts';
import { findInstallation, readyApiPod, type Installation } from './installation.ts';

export interface ReachedInstallation {
  readonly kubeconfig: Kubeconfig;
  readonly client: KubeClient;
  readonly installation: Installation;
}

/** Connects to the cluster and finds the installation in it. */
export async function reachInstallation(flags: PluginFlags): Promise<ReachedInstallation> {
  const kubeconfig = await chooseKubeconfig(flags);
  // Reports missing credentials before the first request.
  await kubeconfigToken(kubeconfig);
  const client = new KubeClient({ kubeconfig, program: 'kubectl-genwarden', version });
  return { kubeconfig, client, installation: await findInstallation(client, flags.installationNamespace) };
}

export function connectThroughCluster(io: Io): Connect {
  return async (command) => {
    const flags: PluginFlags = command.optsWithGlobals();
    const token = flags.token ?? clientSettings(io, command).token;
    const configured: Bearer | undefined = token === undefined ? undefined : async () => token;
    return flags.url === undefined
      ? connectThroughTunnel(io, flags, configured)
      : connectToUrl(flags, flags.url, configured);
  };
}

async function connectThroughTunnel(io: Io, flags: PluginFlags, configured: Bearer | undefined): Promise<Connection> {
  const reached = await reachInstallation(flags);
  const { kubeconfig, client, installation } = reached;
  const bearer =
    configured ?? (await kubeconfigBearer(kubeconfig)) ?? (await installationBearer(io, client, installation));
  const tunnel = await openTunnel(() => forwardToApi(reached));
  return {
    options: { url: tunnel.url, fetch: fetchAs(bearer, namespaceOf(flags, kubeconfig)) },
    where: `the API in namespace ${installation.namespace}`,
    whyUnavailable: () => {
      const failure = tunnel.failure();
      return failure === undefined ? undefined : clusterError(failure, 'forward a port');
    },
    close: async () => {
      await tunnel.close();
      client.close();
    },
  };
}

/** A pod may disappear before the connection opens, so this makes up to three attempts, each with the newest ready pod. */
async function forwardToApi({ client, installation }: ReachedInstallation): Promise<PodConnection> {
  const { namespace } = installation;
  for (let tries = 1; ; tries += 1) {
    const { name, port } = await readyApiPod(client, installation);
    try {
      return await client.forward({ namespace, name }, port);
    } catch (error) {
      const refused = error instanceof KubeError && (error.status === 401 || error.status === 403);
      if (!refused && tries < 3) continue;
      const action = `forward a port to a pod in namespace ${namespace} (get and create pods/portforward)`;
      throw clusterError(error, action);
    }
  }
}

async function connectToUrl(flags: PluginFlags, url: string, configured: Bearer | undefined): Promise<Connection> {
  // With --url and a token, the kubeconfig only supplies the namespace and is optional.
  const kubeconfig = await chooseKubeconfig(flags).catch((error: unknown) => {
    if (configured === undefined || !(error instanceof GenwardenError) || error.code !== 'ClusterUnreachable')
      throw error;
  });
  const bearer = configured ?? (await bearerForUrl(kubeconfig!, url));
  return { options: { url, fetch: fetchAs(bearer, namespaceOf(flags, kubeconfig ?? undefined)) }, where: url };
}

/** The kubeconfig's token gives access to the whole cluster, so it is never sent unencrypted. */
async function bearerForUrl(kubeconfig: Kubeconfig, url: string): Promise<Bearer> {
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'https:' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)) {
    const message = `--url ${url} is not encrypted, so the kubeconfig's token is not sent there: use https or --token`;
    throw new GenwardenError('UsageError', message);
  }
  const bearer = await kubeconfigBearer(kubeconfig);
  if (bearer !== undefined) return bearer;
  throw new GenwardenError('UsageError', "The kubeconfig's user has a certificate but no token: use --token");
}

/** Adds the token and the namespace to every request. */
function fetchAs(bearer: Bearer, namespace: string): typeof globalThis.fetch {
  return async (input, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${await bearer()}`);
    headers.set('genwarden-namespace', namespace);
    return globalThis.fetch(input, { ...init, headers });
  };
}

/** Throws `ClusterUnreachable` if there is no kubeconfig, and `UsageError` if it does not match the flags. */
export async function chooseKubeconfig({ kubeconfig: path, context }: PluginFlags): Promise<Kubeconfig> {
  if (path !== undefined && !existsSync(path)) {
    throw new GenwardenError('UsageError', `--kubeconfig ${path}: the file does not exist`);
  }
  const kubeconfig = await loadKubeconfig('UsageError', path);
  if (context !== undefined) useContext(kubeconfig, context);
  if (!kubeconfig.namesCluster) {
    throw new GenwardenError('ClusterUnreachable', 'No kubeconfig was found, or its current context names no cluster');
  }
  if (kubeconfig.impersonatesUser) {
    const message = 'The kubeconfig impersonates another user, which is not possible with a token: use another context';
    throw new GenwardenError('UsageError', message);
  }
  return kubeconfig;
}

/** The name of a namespace, or `*`. */
function namespaceOf(flags: PluginFlags, kubeconfig: Kubeconfig | undefined): string {
  if (flags.allNamespaces === true) return '*';
  return flags.namespace ?? kubeconfig?.namespace ?? 'default';
}

function useContext(kubeconfig: Kubeconfig, name: string): void {
  const { contexts } = kubeconfig;
  if (!contexts.includes(name)) {
    const known = contexts.join(', ') || 'no contexts';
    throw new GenwardenError('UsageError', `--context ${name}: the kubeconfig has ${known}`);
  }
  kubeconfig.useContext(name);
}

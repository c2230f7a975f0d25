// Connects a client command to the Genwarden of a cluster: by a port-forward, as the kubeconfig's user.

import type { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { GenwardenError } from '../../job/errors/index.ts';
import type { Connect, Connection } from '../client/connection.ts';
import { clientSettings } from '../client/session.ts';
import type { Io } from '../output/io.ts';
import { installationBearer, kubeconfigBearer, kubeconfigToken, type Bearer } from './bearer.ts';
import type { PluginFlags } from './flags.ts';
import { findInstallation, readyApiPod, type Installation } from './installation.ts';
import { kubernetes, loadKubeconfig, namespaceOf } from '../../adapters/kubernetes/kubeconfig.ts';
import { dialPod, openTunnel } from '../../adapters/kubernetes/portForward.ts';

export interface Reached {
  readonly config: KubeConfig;
  readonly core: CoreV1Api;
  readonly installation: Installation;
}

/** The cluster, and Genwarden in it. */
export async function reachInstallation(flags: PluginFlags): Promise<Reached> {
  const config = await loadKubeconfig(flags);
  // Asked for once here, so that what is wrong with them is not taken for an answer of the cluster.
  await kubeconfigToken(config);
  const { CoreV1Api: Core } = await kubernetes();
  const core = config.makeApiClient(Core);
  return { config, core, installation: await findInstallation(core, flags.installationNamespace) };
}

export function connectThroughCluster(io: Io): Connect {
  return async (command) => {
    const flags: PluginFlags = command.optsWithGlobals();
    const token = flags.token ?? clientSettings(io, command).token;
    const given: Bearer | undefined = token === undefined ? undefined : async () => token;
    return flags.url === undefined ? throughTunnel(io, flags, given) : directly(flags, flags.url, given);
  };
}

async function throughTunnel(io: Io, flags: PluginFlags, given: Bearer | undefined): Promise<Connection> {
  const { config, core, installation } = await reachInstallation(flags);
  const bearer = given ?? (await kubeconfigBearer(config)) ?? (await installationBearer(io, core, installation));
  const { namespace } = installation;
  const tunnel = await openTunnel(() => dialPod(config, namespace, () => readyApiPod(core, installation)));
  return {
    options: { url: tunnel.url, fetch: fetchAs(bearer, namespaceOf(flags, config)) },
    where: `the API in namespace ${namespace}`,
    whyAway: () => tunnel.failure(),
    close: () => tunnel.close(),
  };
}

async function directly(flags: PluginFlags, url: string, given: Bearer | undefined): Promise<Connection> {
  // With a token and an address at hand a kubeconfig only says the namespace, if there is one.
  const config = await loadKubeconfig(flags).catch((error: unknown) => {
    if (given === undefined || !(error instanceof GenwardenError) || error.code !== 'ClusterUnreachable') throw error;
  });
  const bearer = given ?? (await sendable(config!, url));
  return { options: { url, fetch: fetchAs(bearer, namespaceOf(flags, config ?? undefined)) }, where: url };
}

/** The kubeconfig's token, which opens the whole cluster: it goes nowhere in the clear. */
async function sendable(config: KubeConfig, url: string): Promise<Bearer> {
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'https:' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)) {
    const message = `--url ${url} is not encrypted, so the kubeconfig's token is not sent there: use https, or give --token`;
    throw new GenwardenError('UsageError', message);
  }
  const bearer = await kubeconfigBearer(config);
  if (bearer !== undefined) return bearer;
  throw new GenwardenError('UsageError', "The kubeconfig's user has a certificate and no token: give one with --token");
}

/** Sends who asks and which namespace it is about with every request. */
function fetchAs(bearer: Bearer, namespace: string): typeof globalThis.fetch {
  return async (input, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${await bearer()}`);
    headers.set('genwarden-namespace', namespace);
    return globalThis.fetch(input, { ...init, headers });
  };
}

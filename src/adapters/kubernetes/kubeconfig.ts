// The kubeconfig, found and read as kubectl does, and the namespace that a command is about.

import { existsSync } from 'node:fs';
import type { KubeConfig } from '@kubernetes/client-node';
import { GenwardenError } from '../../job/errors/index.ts';
import type { PluginFlags } from '../../cli/kubectl/flags.ts';

/** Loaded with the first command that needs it: the package is large. */
export const kubernetes = () => import('@kubernetes/client-node');

/** Throws `ClusterUnreachable` where there is none, `UsageError` where it cannot be used as the flags ask. */
export async function loadKubeconfig({ kubeconfig, context }: PluginFlags): Promise<KubeConfig> {
  const { KubeConfig: Config } = await kubernetes();
  const config = new Config();
  if (kubeconfig !== undefined && !existsSync(kubeconfig)) {
    throw new GenwardenError('UsageError', `--kubeconfig ${kubeconfig}: there is no such file`);
  }
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (error) {
    throw new GenwardenError('UsageError', `The kubeconfig cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
  choose(config, context);
  refuseImpersonation(config);
  return config;
}

/** The name of a namespace, or `*`. */
export function namespaceOf(flags: PluginFlags, config: KubeConfig | undefined): string {
  if (flags.allNamespaces === true) return '*';
  return flags.namespace ?? config?.getContextObject(config.getCurrentContext())?.namespace ?? 'default';
}

function choose(config: KubeConfig, context: string | undefined): void {
  if (context !== undefined) {
    const known = config.contexts.map(({ name }) => name);
    if (!known.includes(context)) {
      throw new GenwardenError('UsageError', `--context ${context}: the kubeconfig has ${known.join(', ') || 'none'}`);
    }
    config.setCurrentContext(context);
  }
  // The client's own way to say that it found no kubeconfig, and that it is in no pod.
  const nowhere =
    config.clusters.every(({ server }) => server === 'http://localhost:8080') && config.contexts.length <= 1;
  const cluster = config.getCurrentCluster();
  if (cluster === null || (nowhere && cluster.name === 'cluster')) {
    throw new GenwardenError('ClusterUnreachable', 'There is no kubeconfig, or its current context names no cluster');
  }
}

function refuseImpersonation(config: KubeConfig): void {
  if ((config.getCurrentUser()?.impersonateUser ?? '') === '') return;
  const message = 'The kubeconfig impersonates another user, which a token cannot carry: use another context';
  throw new GenwardenError('UsageError', message);
}

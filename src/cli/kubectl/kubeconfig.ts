// The kubeconfig that the flags of a command choose, and the namespace that the command applies to.

import { existsSync } from 'node:fs';
import { loadKubeconfig, type Kubeconfig } from '../../adapters/kubernetes/index.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import type { PluginFlags } from './flags.ts';

/** Throws `ClusterUnreachable` when there is no kubeconfig, and `UsageError` when it does not fit the flags. */
export async function chooseKubeconfig({ kubeconfig: path, context }: PluginFlags): Promise<Kubeconfig> {
  if (path !== undefined && !existsSync(path)) {
    throw new GenwardenError('UsageError', `--kubeconfig ${path}: there is no such file`);
  }
  const kubeconfig = await loadKubeconfig('UsageError', path);
  if (context !== undefined) useContext(kubeconfig, context);
  if (!kubeconfig.namesCluster) {
    throw new GenwardenError('ClusterUnreachable', 'There is no kubeconfig, or its current context names no cluster');
  }
  if (kubeconfig.impersonatesUser) {
    const message = 'The kubeconfig impersonates another user, which a token cannot do: use another context';
    throw new GenwardenError('UsageError', message);
  }
  return kubeconfig;
}

/** The name of a namespace, or `*`. */
export function namespaceOf(flags: PluginFlags, kubeconfig: Kubeconfig | undefined): string {
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

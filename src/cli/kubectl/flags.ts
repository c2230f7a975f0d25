// The flags that every `kubectl genwarden` command accepts: kubectl's own, and those that locate the installation.

import type { Command } from 'commander';

export interface PluginFlags {
  readonly namespace?: string;
  readonly allNamespaces?: true;
  readonly context?: string;
  readonly kubeconfig?: string;
  readonly installationNamespace?: string;
  readonly token?: string;
  /** Defined by each command; replaces the port-forward. */
  readonly url?: string;
}

/** Adds the flags to the program, so that they work before and after the command name. */
export function addPluginFlags(program: Command): void {
  program
    .option('-n, --namespace <name>', "namespace of the jobs (default: the context's)")
    .option('-A, --all-namespaces', 'jobs in all namespaces')
    .option('--context <name>', 'kubeconfig context to use')
    .option('--kubeconfig <path>', 'kubeconfig file to use (env KUBECONFIG)')
    .option(
      '--installation-namespace <name>',
      'namespace of the Genwarden installation (default: detected by its labels)',
    )
    .option('--token <token>', "Genwarden token to use instead of the kubeconfig's (env GENWARDEN_TOKEN)");
}

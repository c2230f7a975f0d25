// The flags that `kubectl genwarden` has beside those of each command: kubectl's own, and where Genwarden runs.

import type { Command } from 'commander';

export interface PluginFlags {
  readonly namespace?: string;
  readonly allNamespaces?: true;
  readonly context?: string;
  readonly kubeconfig?: string;
  readonly installationNamespace?: string;
  readonly token?: string;
  /** Of the command; then there is no port-forward. */
  readonly url?: string;
}

/** Of the program itself, so that they may stand before the command and after it. */
export function addPluginFlags(program: Command): void {
  program
    .option('-n, --namespace <name>', "the namespace of the jobs; the context's where absent")
    .option('-A, --all-namespaces', 'the jobs of all namespaces')
    .option('--context <name>', 'the context of the kubeconfig to use')
    .option('--kubeconfig <path>', 'the kubeconfig to use (env KUBECONFIG)')
    .option('--installation-namespace <name>', 'where Genwarden runs; found by its labels where absent')
    .option('--token <token>', "a token for Genwarden instead of the kubeconfig's (env GENWARDEN_TOKEN)");
}

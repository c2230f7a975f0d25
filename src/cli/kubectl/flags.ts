// The flags of `kubectl genwarden` that every command has: kubectl's own, and where Genwarden runs.

import type { Command } from 'commander';

export interface PluginFlags {
  readonly namespace?: string;
  readonly allNamespaces?: true;
  readonly context?: string;
  readonly kubeconfig?: string;
  readonly installationNamespace?: string;
  readonly token?: string;
  /** A flag of the command itself; with it there is no port-forward. */
  readonly url?: string;
}

/** Adds them to the program, so that they work before and after the command. */
export function addPluginFlags(program: Command): void {
  program
    .option('-n, --namespace <name>', "namespace of the jobs (default: the context's)")
    .option('-A, --all-namespaces', 'jobs in all namespaces')
    .option('--context <name>', 'kubeconfig context to use')
    .option('--kubeconfig <path>', 'kubeconfig file to use (env KUBECONFIG)')
    .option('--installation-namespace <name>', 'namespace that Genwarden runs in (default: found by its labels)')
    .option('--token <token>', "token for Genwarden instead of the kubeconfig's (env GENWARDEN_TOKEN)");
}

// `kubectl genwarden migrate-storage-version`: what an administrator runs after an upgrade that changes the storage version of the
// custom resources. It uses the rights of the kubeconfig's user; the operator may not change definitions.

import type { Command } from 'commander';
import { KubeClient } from '../../../adapters/kubernetes/index.ts';
import { version } from '../../../config/version.ts';
import { group } from '../../../operator/resources/kinds.ts';
import type { StoredObjects } from '../../../ports/kubernetes.ts';
import { exitCodes } from '../../exitCodes.ts';
import { writeLine, type Io } from '../../output/io.ts';
import { clusterError } from '../clusterError.ts';
import { chooseKubeconfig } from '../connect.ts';
import type { PluginFlags } from '../flags.ts';
import { migrateKind, migrateResults, type MigratedKind, readDefinitions, storageVersions } from './migrate.ts';

export function addMigrateStorageVersion(program: Command, io: Io): void {
  program
    .command('migrate-storage-version')
    .description('Store every custom resource in the current storage version')
    .action(async (_options: unknown, command: Command) => {
      const kubeconfig = await chooseKubeconfig(command.optsWithGlobals<PluginFlags>());
      const client = new KubeClient({ kubeconfig, program: 'kubectl-genwarden', version });
      try {
        await migrate(io, client);
      } catch (error) {
        throw clusterError(error, 'migrate the custom resources to their storage version');
      } finally {
        client.close();
      }
    });
}

async function migrate(io: Io, cluster: StoredObjects): Promise<void> {
  const definitions = await readDefinitions(cluster);
  const versions = storageVersions(definitions);
  const failures: string[] = [];
  for (const definition of definitions) {
    const migrated = await migrateKind(cluster, definition, versions);
    writeLine(io.stdout, lineOf(migrated));
    failures.push(...migrated.failures);
  }
  const results = await migrateResults(cluster, versions);
  if (results.rewritten > 0)
    writeLine(io.stdout, `configmaps: ${results.rewritten} of GenerationJobs name them in the storage version`);
  failures.push(...results.failures);
  for (const failure of failures) writeLine(io.stderr, `not rewritten: ${failure}`);
  if (failures.length > 0) io.exitWith(exitCodes.jobFailed);
}

function lineOf({ definition, objects, rewritten, storedBefore, stored, failures, ...kind }: MigratedKind): string {
  const versionsText =
    storedBefore.join() === stored.join()
      ? `storedVersions ${stored.join(', ')}`
      : `storedVersions ${storedBefore.join(', ')} -> ${stored.join(', ')}`;
  const failed = failures.length === 0 ? '' : `, ${failures.length} failed`;
  return `${definition}: ${objects} in ${group}/${kind.version}, ${rewritten} rewritten${failed}; ${versionsText}`;
}

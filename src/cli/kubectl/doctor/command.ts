// `kubectl genwarden doctor`: first what the Kubernetes API shows, then what the API of the installation finds, if it answers.

import type { Command } from 'commander';
import { KubeClient } from '../../../adapters/kubernetes/index.ts';
import { GenwardenClient, type Check } from '../../../client/index.ts';
import { version } from '../../../config/version.ts';
import { GenwardenError } from '../../../job/errors/index.ts';
import { failed } from '../../../jobs/doctor/check.ts';
import { isUnreachable, whyUnreachable } from '../../client/connection.ts';
import { doctorCommand, finish, findingsOf, type DoctorOptions, type Findings } from '../../client/doctor.ts';
import type { Io } from '../../output/io.ts';
import { chooseKubeconfig } from '../connect.ts';
import type { PluginFlags } from '../flags.ts';

export function addClusterDoctor(program: Command, io: Io): void {
  doctorCommand(program).action(async (_options: unknown, command: Command) => {
    const options: DoctorOptions & PluginFlags = command.optsWithGlobals();
    const seen = options.url === undefined ? await seenFromKubernetes(io, options) : [];
    await withApi(io, command, async (client, problem) => {
      const found = client === undefined ? silent(problem) : await findingsOf(client, options, silent);
      const checks = [...seen, ...found.checks];
      await finish(io, client, options, { ...found, checks });
    });
  });
}

async function seenFromKubernetes(io: Io, flags: PluginFlags): Promise<Check[]> {
  const kubeconfig = await chooseKubeconfig(flags);
  const { checkCluster } = await import('./index.ts');
  const client = new KubeClient({ kubeconfig, program: 'kubectl-genwarden', version, timeoutMs: 5_000 });
  try {
    return await checkCluster(client, flags.installationNamespace, io.now());
  } finally {
    client.close();
  }
}

/** `use` gets no client if the API cannot be reached, and why. */
async function withApi(
  io: Io,
  command: Command,
  use: (client: GenwardenClient | undefined, problem: unknown) => Promise<void>,
): Promise<void> {
  let connection;
  try {
    connection = await io.connect!(command);
  } catch (error) {
    if (!(error instanceof GenwardenError)) throw error;
    return use(undefined, error);
  }
  try {
    await use(new GenwardenClient({ giveUpAfterMs: 0, ...connection.options }), undefined);
  } finally {
    await connection.close?.();
  }
}

/** The API does not answer; what Kubernetes shows says why. */
function silent(error: unknown): Findings {
  const why = isUnreachable(error) ? whyUnreachable(error) : error instanceof Error ? error.message : String(error);
  const api = failed('api', why, 'See the checks above: they need no API.');
  return { reachable: false, api: null, checks: [{ ...api, seenBy: 'this shell' }] };
}

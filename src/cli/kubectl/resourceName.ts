// The job of a GenerationJob, for the commands that take `gj/NAME` instead of an id.

import { GenwardenError } from '../../job/errors/index.ts';
import { KubeClient } from '../../adapters/kubernetes/index.ts';
import { version } from '../../config/version.ts';
import { conditionOf, type GenerationJob } from '../../operator/resources/generationJob.ts';
import { generationJobType } from '../../operator/resources/kinds.ts';
import { clusterError } from './clusterError.ts';
import { chooseKubeconfig } from './connect.ts';
import type { PluginFlags } from './flags.ts';

/** Throws `JobNotFound` if it does not exist or has no job yet, with the reason; also `ClusterForbidden` and `ClusterUnreachable`. */
export async function jobOfResource(name: string, flags: PluginFlags): Promise<string> {
  const kubeconfig = await chooseKubeconfig(flags);
  const namespace = flags.namespace ?? kubeconfig.namespace ?? 'default';
  const found = await read(new KubeClient({ kubeconfig, program: 'kubectl-genwarden', version }), namespace, name);
  if (found === undefined)
    throw new GenwardenError('JobNotFound', `There is no GenerationJob ${name} in namespace ${namespace}`);
  const job = found.status?.jobId;
  if (job === undefined) throw new GenwardenError('JobNotFound', whyNone(found));
  return job;
}

async function read(client: KubeClient, namespace: string, name: string): Promise<GenerationJob | undefined> {
  try {
    return await client.get<GenerationJob>(generationJobType, { namespace, name });
  } catch (error) {
    throw clusterError(error, `read generationjob ${namespace}/${name}`);
  } finally {
    client.close();
  }
}

function whyNone({ metadata: { name, namespace }, status }: GenerationJob): string {
  const accepted = conditionOf(status, 'Accepted');
  const why =
    accepted === undefined
      ? 'no operator has submitted it; `kubectl genwarden doctor` says why'
      : `${accepted.reason}: ${accepted.message}`;
  return `GenerationJob ${namespace}/${name} has no job: ${why}`;
}

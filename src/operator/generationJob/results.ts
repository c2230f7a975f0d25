// Mirrors the results of a finished job into the ConfigMap that spec.results names: outputs as they are, artifacts as digests and links.

import { type Cluster, KubeError, type KubeObject } from '../../ports/kubernetes.ts';
import { configMapType } from '../resources/builtInKinds.ts';
import type { NewCondition } from '../resources/conditions.ts';
import type { GenerationJob, GenerationJobCondition } from '../resources/generationJob.ts';
import { apiVersion, generationJobType } from '../resources/kinds.ts';
import type { ObservedTask } from './jobSummary.ts';

/** Bytes of all values; a ConfigMap may have 1 MiB, with its keys and metadata. */
const mostBytes = 1_000_000;

type Condition = NewCondition<GenerationJobCondition>;
type Data = Readonly<Record<string, string>>;

/**
 * Writes the ConfigMap, and returns the condition about it. It is only created, or changed if the GenerationJob owns it: who may
 * create GenerationJobs must not be able to overwrite other ConfigMaps. Throws `KubeError` if the API server does not answer.
 */
export async function writeResults(
  cluster: Pick<Cluster, 'get' | 'create' | 'apply'>,
  resource: GenerationJob,
  configMap: string,
  tasks: readonly ObservedTask[],
): Promise<Condition> {
  const data = resultData(tasks);
  const bytes = Object.values(data).reduce((sum, value) => sum + Buffer.byteLength(value), 0);
  if (bytes > mostBytes) {
    const message = `The results have ${bytes} bytes, more than the ${mostBytes} of a ConfigMap: download them`;
    return { type: 'ResultsWritten', status: 'False', reason: 'ResultsTooLarge', message };
  }
  try {
    return await write(cluster, resource, configMap, data);
  } catch (error) {
    if (!(error instanceof KubeError) || (error.status !== 403 && error.status !== 422)) throw error;
    const message = `ConfigMap ${configMap} was not written: ${error.message}. Set operator.writeResults in the chart`;
    return { type: 'ResultsWritten', status: 'False', reason: 'ResultsForbidden', message };
  }
}

async function write(
  cluster: Pick<Cluster, 'get' | 'create' | 'apply'>,
  { metadata: { name: owner, namespace, uid } }: GenerationJob,
  name: string,
  data: Data,
): Promise<Condition> {
  const ownerReferences = [{ apiVersion, kind: generationJobType.kind, name: owner, uid, controller: true }];
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, ownerReferences }, data };
  const found = await cluster.get<KubeObject>(configMapType, { namespace, name });
  if (found === undefined && (await cluster.create(configMapType, object)) !== undefined) return written(name);
  if (found?.metadata.ownerReferences?.some((reference) => reference.uid === uid) !== true) {
    const message = `ConfigMap ${name} exists and does not belong to this GenerationJob`;
    return { type: 'ResultsWritten', status: 'False', reason: 'ConfigMapTaken', message };
  }
  const { resourceVersion } = found.metadata;
  await cluster.apply(configMapType, {
    ...object,
    metadata: { ...object.metadata, uid: found.metadata.uid, resourceVersion },
  });
  return written(name);
}

const written = (name: string): Condition => ({
  type: 'ResultsWritten',
  status: 'True',
  reason: 'ResultsInConfigMap',
  message: `ConfigMap ${name} has the results`,
});

/** `job.json` with the tasks, and for each output its own entry: `output.json`, or with several tasks `<task>.output.json`. */
function resultData(tasks: readonly ObservedTask[]): Data {
  const [first] = tasks;
  const job = {
    jobId: first?.state.of.job,
    tasks: tasks.map(({ state, artifacts = [] }) => ({
      index: state.of.task,
      name: state.of.name,
      state: state.state,
      artifacts: artifacts.map(({ name, mediaType, bytes, digest }) => {
        const href = `/v1/jobs/${state.of.job}/tasks/${state.of.task}/artifacts/${name}?run=${state.run}`;
        return { name, mediaType, bytes, digest, href };
      }),
    })),
  };
  const outputs = tasks.flatMap((task) => {
    if (task.output === undefined || task.output === null) return [];
    const prefix = `${prefixOf(task, tasks)}output`;
    const { output } = task;
    return [typeof output === 'string' ? [`${prefix}.txt`, output] : [`${prefix}.json`, JSON.stringify(output)]];
  });
  return { 'job.json': JSON.stringify(job), ...(Object.fromEntries(outputs) as Data) };
}

/** A key of a ConfigMap takes letters, digits, `-`, `_` and `.`; equal names get the task's index. */
function prefixOf(task: ObservedTask, tasks: readonly ObservedTask[]): string {
  if (tasks.length === 1) return '';
  const name = safeName(task);
  const isUnique = tasks.filter((other) => safeName(other) === name).length === 1;
  return `${isUnique ? name : `${task.state.of.task}-${name}`}.`;
}

const safeName = ({ state: { of } }: ObservedTask): string =>
  (of.name ?? String(of.task)).replaceAll(/[^-._a-zA-Z0-9]/g, '_').slice(0, 100);

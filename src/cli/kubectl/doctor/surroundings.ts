// The checks of what an installation needs from its cluster: definitions, volumes and ways through NetworkPolicies.

import type { z } from 'zod';
import { failed, noted, type Check } from '../../../jobs/doctor/check.ts';
import { generationJobSpec, generationJobStatus } from '../../../operator/resources/generationJob.ts';
import { generationScheduleSpec, generationScheduleStatus } from '../../../operator/resources/generationSchedule.ts';
import { version } from '../../../operator/resources/kinds.ts';
import { workerPoolSpec, workerPoolStatus } from '../../../operator/resources/workerPool.ts';
import { type Definition, releaseOf, type Schema, type VolumeClaim } from './kinds.ts';
import { latest } from './podCause.ts';
import type { ClusterView } from './view.ts';

const definitionsOf: Readonly<Record<string, { readonly spec: z.ZodObject; readonly status: z.ZodObject }>> = {
  GenerationJob: { spec: generationJobSpec, status: generationJobStatus },
  GenerationSchedule: { spec: generationScheduleSpec, status: generationScheduleStatus },
  WorkerPool: { spec: workerPoolSpec, status: workerPoolStatus },
};

/** Missing, or without fields that this version has: the API server would drop them in silence. */
export function definitionChecks({ definitions }: ClusterView): Check[] {
  if (definitions === undefined) return [];
  return Object.entries(definitionsOf).flatMap(([kind, { spec, status }]) => {
    const found = definitions.find((one) => one.spec.names.kind === kind);
    const name = `${kind.toLowerCase()}s.genwarden.dev`;
    if (found === undefined) return [failed('definitions', `CustomResourceDefinition ${name} is missing`, applyThem)];
    const schema = found.spec.versions.find((one) => one.name === version)?.schema?.openAPIV3Schema;
    const lacks = [...missingIn(schema, 'spec', spec), ...missingIn(schema, 'status', status)];
    if (lacks.length === 0) return storedVersionsCheck(name, found);
    const says = `CustomResourceDefinition ${name} is older than this command: it lacks ${lacks.slice(0, 4).join(', ')}`;
    return [failed('definitions', says, applyThem)];
  });
}

/** Harmless until a release removes a version: the API server refuses that while objects may be stored in it. */
function storedVersionsCheck(name: string, definition: Definition): Check[] {
  const stored = definition.status?.storedVersions ?? [];
  const storage = definition.spec.versions.find((one) => one.storage)?.name;
  const older = stored.filter((each) => each !== storage);
  if (storage === undefined || older.length === 0) return [];
  const says = `CustomResourceDefinition ${name} may have objects stored as ${older.join(', ')}; the storage version is ${storage}`;
  return [
    noted(
      'definitions',
      says,
      'Rewrite them before a release removes it: `kubectl genwarden migrate-storage-version`.',
    ),
  ];
}

const applyThem =
  'Apply those of this version: `helm upgrade` with crds.enabled: true, or `kubectl apply --server-side -f charts/genwarden/files/crds`.';

function missingIn(schema: Schema | undefined, part: string, fields: z.ZodObject): string[] {
  const known = schema?.properties?.[part]?.properties ?? {};
  return Object.keys(fields.shape).flatMap((field) => (field in known ? [] : [`${part}.${field}`]));
}

export function volumeChecks(view: ClusterView): Check[] {
  return view.claims
    .filter((claim) => claim.status?.phase !== 'Bound' && isOfInstallation(claim, view))
    .map((claim) => volumeCheck(claim, view));
}

/** Of the StatefulSet, which names its claims after its pods. */
const isOfInstallation = ({ metadata }: VolumeClaim, { workloads }: ClusterView): boolean =>
  workloads.some((one) => one.kind === 'StatefulSet' && metadata.name.includes(`-${one.metadata.name}-`)) ||
  metadata.labels?.['app.kubernetes.io/name'] === 'genwarden';

function volumeCheck({ metadata: { name, namespace }, spec, status }: VolumeClaim, view: ClusterView): Check {
  const { storageClasses, events } = view;
  const what = `PersistentVolumeClaim ${name} is ${status?.phase ?? 'Pending'}`;
  const look = `\`kubectl describe pvc ${name} -n ${namespace}\``;
  const { storageClassName } = spec;
  if (storageClasses !== undefined && storageClassName === undefined && !storageClasses.some(isDefault)) {
    const classes =
      storageClasses.length === 0
        ? 'none exists'
        : `there are ${storageClasses.map((one) => one.metadata.name).join(', ')}`;
    return failed(
      'volumes',
      `${what}: it names no StorageClass, and the cluster has no default one (${classes})`,
      `Set nats.persistence.storageClassName, then delete the claim so that it is made again: \`kubectl delete pvc ${name} -n ${namespace}\`; or make one the default: \`kubectl get storageclass\`.`,
    );
  }
  if (
    storageClasses !== undefined &&
    storageClassName !== undefined &&
    storageClassName !== '' &&
    !storageClasses.some((one) => one.metadata.name === storageClassName)
  )
    return failed(
      'volumes',
      `${what}: StorageClass ${storageClassName} does not exist`,
      `\`kubectl get storageclass\`; set nats.persistence.storageClassName. ${look}`,
    );
  const event = latest(
    events.filter(
      ({ involvedObject }) => involvedObject.kind === 'PersistentVolumeClaim' && involvedObject.name === name,
    ),
  );
  return failed('volumes', event === undefined ? what : `${what}: ${event.reason}: ${event.message}`, look);
}

const isDefault = ({
  metadata,
}: {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
}): boolean => metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true';

/** A hint only: whether a policy blocks a way cannot be seen from here. */
export function policyChecks({ policies, words, namespace, workloads }: ClusterView): Check[] {
  const releases = new Set(workloads.map(releaseOf));
  const foreign = policies.filter((one) => !releases.has(releaseOf(one))).map(({ metadata }) => metadata.name);
  const cutOff = [...words].find(([, said]) => /tim(?:ed|e)[- ]?out|ETIMEDOUT|no answer|does not answer/i.test(said));
  if (foreign.length === 0 || cutOff === undefined) return [];
  return [
    noted(
      'network',
      `NetworkPolicy ${foreign.join(', ')} in namespace ${namespace} is not of this release, and pod ${cutOff[0]} gets no answer: "${cutOff[1]}"`,
      `It may block the way: \`kubectl describe networkpolicy -n ${namespace}\`. NATS is TCP 4222, the API 8080, DNS UDP 53, providers TCP 443.`,
    ),
  ];
}

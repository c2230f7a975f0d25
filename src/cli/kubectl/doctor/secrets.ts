// The checks of Secrets that pods or pools name: that they exist, and have the entries.

import { failed, type Check } from '../../../jobs/doctor/check.ts';
import type { Workload } from './kinds.ts';
import type { ClusterView } from './view.ts';

interface SecretRef {
  readonly name: string;
  readonly key: string;
}

/** Undefined if there is none, or if the Secret may not be read. */
export function secretProblem(
  { secrets }: Pick<ClusterView, 'secrets'>,
  { name, key }: SecretRef,
  { label, namespace, needs, value }: SecretUse,
): Check | undefined {
  const entries = secrets.get(name);
  if (entries === 'missing') {
    const create = `kubectl create secret generic ${name} -n ${namespace} --from-literal=${key}=${value}`;
    return failed(
      label,
      `Secret ${name} does not exist in namespace ${namespace}${needs?.missing ?? ''}`,
      `Create it: \`${create}\`.`,
    );
  }
  if (entries === undefined || entries === 'unreadable' || entries.has(key)) return undefined;
  return failed(
    label,
    `Secret ${name} in namespace ${namespace} has no entry ${key}${needs?.lacking ?? ''}`,
    `Add it: \`${addEntry({ name, key }, namespace, value)}\`.`,
  );
}

interface SecretUse {
  readonly label: string;
  readonly namespace: string;
  /** The ends of both sentences. */
  readonly needs?: { readonly missing: string; readonly lacking: string };
  /** Stands for the value in the command. */
  readonly value: string;
}

/** The command that adds an entry to a Secret. */
export const addEntry = ({ name, key }: SecretRef, namespace: string, value: string): string =>
  `kubectl patch secret ${name} -n ${namespace} --type merge -p '{"stringData":{"${key}":"${value}"}}'`;

/** Secrets that containers read variables from; those of pools have their own check. */
export function secretChecks(view: Pick<ClusterView, 'workloads' | 'secrets'>): Check[] {
  const found = new Map<string, Check>();
  for (const one of view.workloads)
    for (const ref of refsOf(one)) {
      const { name, namespace } = one.metadata;
      const needs = { missing: `; ${name} needs its entry ${ref.key}`, lacking: `, which ${name} needs` };
      const problem = secretProblem(view, ref, { label: 'secrets', namespace, needs, value: 'VALUE' });
      const isMissing = view.secrets.get(ref.name) === 'missing';
      if (problem !== undefined) found.set(isMissing ? ref.name : `${ref.name} ${ref.key}`, problem);
    }
  return [...found.values()];
}

const refsOf = ({ spec }: Workload): SecretRef[] =>
  spec.template.spec.containers.flatMap(({ env = [] }) =>
    env.flatMap(({ valueFrom }) => {
      const ref = valueFrom?.secretKeyRef;
      return ref === undefined || ref.optional === true ? [] : [ref];
    }),
  );

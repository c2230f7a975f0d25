// Resources in every state, with what kstatus should make of each. The unit test judges them by kstatus's algorithm, and
// `make chart-judges` by kstatus itself.
import { definitions } from '../../../../hack/resources/definitions.ts';
import type { Condition, NewCondition } from '../../../../src/operator/resources/conditions.ts';
import { jobKstatus, poolKstatus, setWithKstatus } from '../../../../src/operator/resources/kstatus.ts';

export interface JudgedResource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly generation: number; readonly deletionTimestamp?: string };
  readonly status: { readonly observedGeneration?: number; readonly conditions?: readonly Condition[] };
}

export interface KstatusCase {
  readonly what: string;
  readonly resource: JudgedResource;
  readonly expected: 'Terminating' | 'InProgress' | 'Failed' | 'Current';
}

const aResource = (kind: string, status: JudgedResource['status'], metadata: object = {}): JudgedResource => ({
  apiVersion: 'genwarden.dev/v1alpha1',
  kind,
  metadata: { name: 'yard', generation: 1, ...metadata },
  status,
});

/** With the conditions that one status after another leaves. */
function after(kind: string, statuses: readonly (readonly NewCondition[])[], metadata: object = {}): JudgedResource {
  let conditions: Condition[] = [];
  for (const each of statuses) conditions = setWithKstatus(conditions, each, 1, '2026-11-29T12:00:00.000Z');
  return aResource(kind, { observedGeneration: 1, conditions }, metadata);
}

function job(finished: boolean, complete: boolean, reason: string): NewCondition[] {
  const holds = (yes: boolean) => ({ status: yes ? ('True' as const) : ('False' as const), reason, message: reason });
  const own = [
    { type: 'Complete', ...holds(complete) },
    { type: 'Failed', ...holds(finished && !complete) },
    { type: 'Finished', ...holds(finished) },
  ];
  return [...own, ...jobKstatus(own)];
}

const open = job(false, false, 'Running');
const complete = job(true, true, 'Succeeded');
const failed = job(true, false, 'AttemptTimeout');
const deletionTimestamp = '2026-11-29T12:00:01Z';

const jobs = (
  [
    ['open', [open], 'InProgress'],
    ['complete', [open, complete], 'Current'],
    ['failed', [open, failed], 'Failed'],
    ['open again by a retry', [open, failed, open], 'InProgress'],
    ['complete after a retry', [failed, open, complete], 'Current'],
  ] as const
).map(([what, statuses, expected]): KstatusCase => ({
  what: `GenerationJob, ${what}`,
  resource: after('GenerationJob', statuses),
  expected,
}));

function pool(status: 'True' | 'False', reason: string): NewCondition[] {
  const own = [{ type: 'Ready', status, reason, message: reason }];
  return [...own, ...poolKstatus(own)];
}

const pools = (
  [
    [[pool('False', 'Starting')], 'InProgress'],
    [[pool('False', 'SecretNotFound')], 'InProgress'],
    [[pool('False', 'Starting'), pool('True', 'Available')], 'Current'],
    [[pool('True', 'ScaledToZero')], 'Current'],
    [[pool('False', 'InvalidSpec')], 'Failed'],
    [[pool('False', 'NotServed')], 'Failed'],
    [[pool('False', 'InvalidSpec'), pool('False', 'Starting')], 'InProgress'],
    [[pool('False', 'NameTaken'), pool('True', 'Available')], 'Current'],
    [[pool('False', 'NoReplicas')], 'InProgress'],
  ] as const
).map(([statuses, expected]): KstatusCase => ({
  what: `WorkerPool, ${statuses.map((all) => all[0]!.reason).join(', then ')}`,
  resource: after('WorkerPool', statuses),
  expected,
}));

/** By the default of its status in the definition. */
const unseen = definitions().map(({ spec }): KstatusCase => {
  const { kind } = spec.names;
  const status = spec.versions[0]!.schema.openAPIV3Schema.properties!['status']!['default'] as JudgedResource['status'];
  return {
    what: `${kind}, which the operator has not seen`,
    resource: aResource(kind, status),
    expected: 'InProgress',
  };
});

const others: readonly KstatusCase[] = [
  {
    what: 'GenerationJob, complete, and changed since',
    resource: after('GenerationJob', [complete], { generation: 2 }),
    expected: 'InProgress',
  },
  {
    what: 'GenerationJob, complete, being deleted',
    resource: after('GenerationJob', [complete], { deletionTimestamp }),
    expected: 'Terminating',
  },
];

export const kstatusCases: readonly KstatusCase[] = [...jobs, ...pools, ...unseen, ...others];

// The conditions by which tools judge any resource, derived from its own: Flux, `kubectl wait` and others that follow kstatus.
// Reconciling and Stalled are there only while they are true. https://github.com/kubernetes-sigs/cli-utils/tree/master/pkg/kstatus

import { type Condition, type NewCondition, setConditions } from './conditions.ts';

type Derived = 'Ready' | 'Reconciling' | 'Stalled';

/** Of a job: in progress until it ends, then current if it is complete, and failed if not. `own` has its conditions. */
export function jobKstatus(own: readonly NewCondition[]): readonly NewCondition<Derived>[] {
  const of = (type: string): NewCondition | undefined => own.find((each) => each.type === type);
  const finished = of('Finished');
  if (finished === undefined) return [];
  const { reason, message } = finished;
  if (finished.status !== 'True') return notReady('Reconciling', reason, message);
  if (of('Complete')?.status !== 'True') return notReady('Stalled', reason, message);
  return [{ type: 'Ready', status: 'True', reason, message }];
}

/** Reasons of Ready that stay until somebody changes the pool or what is around it. */
const lasting: ReadonlySet<string> = new Set(['InvalidSpec', 'InvalidTemplate', 'Forbidden', 'NameTaken', 'NotServed']);
/** Nothing is under way: somebody wanted no workers. */
const wanted: ReadonlySet<string> = new Set(['NoReplicas']);

/** Of a pool, besides its Ready. */
export function poolKstatus(own: readonly NewCondition[]): readonly NewCondition<Derived>[] {
  const ready = own.find(({ type }) => type === 'Ready');
  if (ready === undefined || ready.status === 'True' || wanted.has(ready.reason)) return [];
  const { reason, message } = ready;
  return [{ type: lasting.has(reason) ? 'Stalled' : 'Reconciling', status: 'True', reason, message }];
}

const notReady = (type: Derived, reason: string, message: string): NewCondition<Derived>[] => [
  { type: 'Ready', status: 'False', reason, message },
  { type, status: 'True', reason, message },
];

/** As `setConditions`; drops a Reconciling or Stalled of before that is not among the changes. */
export function setWithKstatus(
  before: readonly Condition[],
  changes: readonly NewCondition[],
  observedGeneration: number,
  now: string,
): Condition[] {
  const isOver = ({ type }: Condition): boolean =>
    (type === 'Reconciling' || type === 'Stalled') && !changes.some((change) => change.type === type);
  return setConditions(
    before.filter((condition) => !isOver(condition)),
    changes,
    observedGeneration,
    now,
  );
}

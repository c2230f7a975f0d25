// Lets Kueue decide when a GenerationJob with the label of a LocalQueue runs: creates, follows and reports to its Workload.
// The Workloads are read from the first job with such a label on; without one, Kueue need not be there.

import { after, longAgo, type Monotonic } from '../../../job/time.ts';
import { type Informer, KubeError, type ResourceKey } from '../../../ports/kubernetes.ts';
import type { OperatorContext } from '../../context.ts';
import { type GenerationJob, isFinished, parseGenerationJob } from '../../resources/generationJob.ts';
import { generationJobType } from '../../resources/kinds.ts';
import type { Enqueue } from '../../runtime/controller.ts';
import type { Observation } from '../observe.ts';
import type { ReconcileState } from '../reconcileState.ts';
import type { Hold } from '../suspend.ts';
import { concernsKueue, decideQueue, decideUnread, type QueueDecision, wantedOf } from './decide.ts';
import { type JobProgress, reportOf } from './report.ts';
import {
  type Priority,
  type PriorityClass,
  priorityClassType,
  type Workload,
  workloadKey,
  workloadOf,
  workloadType,
} from './workload.ts';

type Context = Pick<OperatorContext, 'cluster' | 'startInformer' | 'watchNamespaces' | 'clock' | 'jitter'>;

export interface Turn extends Pick<QueueDecision, 'hold' | 'admitted'> {
  readonly decision: QueueDecision['workload'];
  readonly workload?: Workload | undefined;
  /** ms until something that is in the way may be gone. */
  readonly retryAfterMs: number;
}

/** ms between two attempts while Kueue, a right or a priority class is missing. */
const retryEvery = 30_000;
/** ms for which all jobs share the answer that Workloads cannot be read. */
const problemFor = 5_000;
const notSyncedRetry = 500;

const noQueue: Turn = { decision: 'keep', retryAfterMs: Infinity };

export class Kueue {
  readonly #context: Context;
  readonly #enqueue: Enqueue;
  readonly #signal: AbortSignal;
  #informer: Informer<Workload> | undefined;
  #problem: { readonly hold: Hold; readonly until: Monotonic } | undefined;

  constructor(context: Context, enqueue: Enqueue, signal: AbortSignal) {
    this.#context = context;
    this.#enqueue = enqueue;
    this.#signal = signal;
  }

  /** Before the job is touched; `later` while the Workloads are being listed. Throws `KubeError`, with status 0 only. */
  async turn(resource: GenerationJob, state: ReconcileState): Promise<Turn | { readonly later: number }> {
    if (this.#informer === undefined && !concernsKueue(resource)) return noQueue;
    const problem = await this.#start(resource.metadata.namespace);
    if (problem !== undefined)
      return this.#turnOf(decideUnread(resource, problem), isFinished(resource.status) ? undefined : problem);
    if (!this.#informer!.synced()) return { later: notSyncedRetry };
    const workload = this.#informer!.get(workloadKey(resource));
    // Refused by the submit.
    if (workload === undefined && 'problems' in parseGenerationJob(resource)) return noQueue;
    const decision = decideQueue(resource, workload, state.queueProblem);
    if (workload === undefined) return this.#turnOf(decision);
    const refused = await this.#follow(resource, workload, decision);
    const hold = refused === undefined || decision.hold === undefined ? {} : { hold: refused };
    return { ...this.#turnOf({ ...decision, ...hold }, refused), workload };
  }

  /** After the status of the job is written; ms until the next attempt. `isWritten` limits how often counts are reported. */
  async report(
    resource: GenerationJob,
    { decision, workload }: Turn,
    state: ReconcileState,
    observed: Observation,
    isWritten: boolean,
  ): Promise<number> {
    const progress = progressOf(observed, isWritten);
    if (decision === 'create' && progress?.active === false) return this.#create(resource, state);
    if (workload === undefined) return Infinity;
    const report = reportOf(resource, workload, progress, this.#context.clock.now());
    if (report === undefined) return Infinity;
    const { namespace, name, resourceVersion } = workload.metadata;
    const refused = await refusalOf(namespace, () =>
      this.#context.cluster.mergeStatus(workloadType, { namespace, name, resourceVersion }, report),
    );
    if (refused === undefined) return Infinity;
    return refused.conflict ? notSyncedRetry : this.#retryAfterMs();
  }

  async #start(namespace: string): Promise<Hold | undefined> {
    if (this.#informer !== undefined) return undefined;
    const { clock, cluster, startInformer, watchNamespaces: namespaces } = this.#context;
    if (clock.monotonic() < (this.#problem?.until ?? longAgo)) return this.#problem?.hold;
    const hold = await refusalOf(namespace, () => cluster.list(workloadType, { namespace }));
    this.#problem = hold === undefined ? undefined : { hold, until: after(clock.monotonic(), problemFor) };
    if (hold !== undefined) return hold;
    const [signal, onChange] = [this.#signal, (workload: Workload) => this.#onChange(workload)];
    this.#informer ??= startInformer<Workload>({ type: workloadType, namespaces, onChange, signal });
    return undefined;
  }

  #onChange({ metadata: { namespace, ownerReferences = [] } }: Workload): void {
    const owner = ownerReferences.find(({ kind, controller }) => kind === generationJobType.kind && controller);
    if (owner !== undefined) this.#enqueue({ namespace, name: owner.name });
  }

  async #follow(resource: GenerationJob, workload: Workload, decision: QueueDecision): Promise<Hold | undefined> {
    if (decision.workload === 'change') return this.#apply(resource, workload);
    if (decision.workload !== 'delete') return undefined;
    const key = workloadKey(resource);
    const { uid } = workload.metadata;
    return refusalOf(key.namespace, () => this.#context.cluster.delete(workloadType, key, { uid }));
  }

  async #create(resource: GenerationJob, state: ReconcileState): Promise<number> {
    const before = state.queueProblem?.message;
    state.queueProblem = await this.#apply(resource, undefined);
    if (state.queueProblem === undefined) return Infinity;
    return state.queueProblem.message === before ? this.#retryAfterMs() : 0;
  }

  async #apply(resource: GenerationJob, before: Workload | undefined): Promise<Hold | undefined> {
    const { namespace } = resource.metadata;
    const parsed = parseGenerationJob(resource);
    const { queue, priorityClass: name } = wantedOf(resource, before);
    if ('problems' in parsed || queue === undefined) return undefined;
    let priority: Priority | undefined;
    if (name !== undefined) {
      const found = await this.#priority(namespace, name);
      if ('reason' in found) return found;
      priority = found;
    }
    const object = workloadOf(resource, parsed.spec, queue, priority);
    return refusalOf(namespace, () => this.#context.cluster.apply(workloadType, object));
  }

  async #priority(namespace: string, name: string): Promise<Priority | Hold> {
    let found: PriorityClass | undefined;
    const key: ResourceKey = { namespace: '', name };
    const refused = await refusalOf(namespace, async () => {
      found = await this.#context.cluster.get<PriorityClass>(priorityClassType, key);
    });
    if (refused !== undefined) return refused;
    if (found !== undefined) return { name, value: found.value };
    return { reason: 'PriorityClassNotFound', message: `WorkloadPriorityClass ${name} does not exist` };
  }

  #turnOf({ workload, ...rest }: QueueDecision, problem?: Hold): Turn {
    const isStuck = problem !== undefined || problems.has(rest.hold?.reason);
    return { ...rest, decision: workload, retryAfterMs: isStuck ? this.#retryAfterMs() : Infinity };
  }

  #retryAfterMs(): number {
    return retryEvery * (0.5 + this.#context.jitter() / 2);
  }
}

const problems: ReadonlySet<string | undefined> = new Set([
  'KueueNotInstalled',
  'KueueForbidden',
  'KueueUnavailable',
  'PriorityClassNotFound',
]);

function progressOf(observed: Observation, isWritten: boolean): JobProgress | undefined {
  if (observed.kind === 'suspended') return { active: false, ended: 0 };
  if (observed.kind !== 'job') return undefined;
  const { counts, finishedAt, suspended } = observed.summary;
  const ended = counts.succeeded + counts.failed + counts.cancelled - suspended.length;
  return { active: finishedAt === null, ended: isWritten ? ended : 0 };
}

interface Refusal extends Hold {
  readonly conflict: boolean;
}

/** The refusal of a call as the status shows it. Throws if there was no answer. */
async function refusalOf(namespace: string, call: () => Promise<unknown>): Promise<Refusal | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    if (!(error instanceof KubeError) || error.status === 0) throw error;
    return { ...problemOf(error, namespace), conflict: error.status === 409 };
  }
}

function problemOf({ status, message }: KubeError, namespace: string): Hold {
  switch (status) {
    case 403:
      return {
        reason: 'KueueForbidden',
        message: `The operator may not use Kueue in namespace ${namespace}: set operator.kueue in the chart`,
      };
    case 404:
      return {
        reason: 'KueueNotInstalled',
        message: 'The cluster has no Kueue that serves kueue.x-k8s.io/v1beta2, as version 0.15 and later do',
      };
    default:
      return { reason: 'KueueUnavailable', message: `Kueue did not take the Workload: ${message}` };
  }
}

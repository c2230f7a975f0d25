// The controller of GenerationJobs: submits their jobs, mirrors the status back, deletes resources after the TTL, and cancels
// jobs of deleted resources. This file contains its watches: the resources, the stream and the pools.

import type { JobId } from '../../job/ids.ts';
import { isOpen } from '../../job/task.ts';
import { logEvent } from '../../job/logEvents/index.ts';
import { WaitObserver } from '../../jobs/waitObserver.ts';
import type { Change } from '../../readmodel/jobIndex.ts';
import { AttemptDurations, followAttempts } from '../../readmodel/attemptDurations.ts';
import { LastClaims } from '../../readmodel/lastClaims.ts';
import { WorkerDirectory } from '../../readmodel/workerDirectory.ts';
import type { Enqueue, Controller } from '../runtime/controller.ts';
import type { KubeObject, ResourceKey } from '../../ports/kubernetes.ts';
import type { OperatorContext } from '../context.ts';
import { type GenerationJob, isFinished, isPending } from '../resources/generationJob.ts';
import { generationJobType } from '../resources/kinds.ts';
import { ReconcileStates } from './reconcileState.ts';
import { showsEarlierRun } from './earlierRun.ts';
import { Kueue } from './kueue/index.ts';
import { cancelOrphans } from './orphans.ts';
import { OwnerIndex } from './ownerIndex.ts';
import { Reconciler } from './reconciler.ts';

export function generationJobController(context: OperatorContext): Controller {
  let term: Term | undefined;
  return {
    name: 'generationjob',
    start: (enqueue, signal) => {
      term = new Term(context, enqueue, signal);
      return term.started;
    },
    reconcile: async (key) => (key.namespace === '' ? term!.cancelOrphans() : term!.reconciler.reconcile(key)),
  };
}

/** The key of the search for orphaned jobs. No resource has an empty namespace, so the key is unused. */
const orphansKey: ResourceKey = { namespace: '', name: 'jobs-without-resource' };
const orphanCheckEvery = 30_000;
/** ms. The watch event for a new owner may still be on its way. */
const unknownOwnerDelay = 2_000;

/** One term of leadership: from `start` until its signal aborts. */
class Term {
  /** Resolves once all resources have been listed. */
  readonly started: Promise<void>;
  readonly reconciler: Reconciler;
  readonly #context: OperatorContext;
  readonly #enqueue: Enqueue;
  readonly #owners = new OwnerIndex();
  readonly #states = new ReconcileStates();
  #syncedAt = Infinity;

  constructor(context: OperatorContext, enqueue: Enqueue, signal: AbortSignal) {
    this.#context = context;
    this.#enqueue = enqueue;
    const { follower, pools, watchNamespaces: namespaces } = context;
    const onChange = (object: GenerationJob, change: string): void => this.#onResourceChange(object, change);
    const informer = context.startInformer<GenerationJob>({ type: generationJobType, namespaces, onChange, signal });
    const workers = new WorkerDirectory(context.clock, { forgetAfterMs: context.heartbeatTimeoutMs });
    const unheard = (err: unknown): void =>
      logEvent(context.logger, 'heartbeats_unavailable', { err }, 'Cannot watch the heartbeats of workers');
    workers.watch(context.heartbeats, signal).catch(unheard);
    const lastClaims = new LastClaims(follower);
    const attemptDurations = new AttemptDurations();
    const waits = new WaitObserver({ ...context, workers, lastClaims, attemptDurations });
    const kueue = new Kueue(context, enqueue, signal);
    this.reconciler = new Reconciler({ ...context, workers, waits }, informer, this.#owners, this.#states, kueue);
    const stopLearning = followAttempts(attemptDurations, follower);
    const stopFollowing = follower.onChange((change) => this.#onTaskChange(change));
    const stop = (): void => {
      for (const end of [stopFollowing, stopLearning, () => lastClaims.close()]) end();
    };
    signal.addEventListener('abort', stop, { once: true });
    const onPool = (): void => {
      for (const resource of informer.list()) if (isPending(resource.status)) enqueue(keyOf(resource));
    };
    pools.onChange(onPool, signal);
    this.started = informer.untilSynced().then(() => this.#onSynced());
  }

  async cancelOrphans(): Promise<{ requeueAfterMs: number }> {
    const { follower, jitter } = this.#context;
    if (!follower.ready().ready) return { requeueAfterMs: 1_000 };
    await cancelOrphans(this.#context, this.#owners, this.#syncedAt);
    return { requeueAfterMs: orphanCheckEvery * (0.75 + jitter() / 2) };
  }

  #onResourceChange(object: GenerationJob, change: string): void {
    if (change === 'deleted') this.#owners.markDeleted(object);
    else this.#owners.add(object, isFinished(object.status), shownJob(object));
    this.#enqueue(keyOf(object));
  }

  #onTaskChange({ entry: { state } }: Change): void {
    const { owner } = state.of;
    if (owner === null) return;
    const key = this.#owners.keyOf(owner) ?? this.#owners.keyOfShown(state.of.job);
    if (key !== undefined) {
      if (state.state === 'deleted') this.#states.of(owner).jobDeleted = true;
      this.#enqueue(key);
    } else if (isOpen(state) && this.#syncedAt !== Infinity) this.#enqueue(orphansKey, unknownOwnerDelay);
  }

  #onSynced(): void {
    this.#syncedAt = this.#context.clock.now();
    this.#enqueue(orphansKey);
  }
}

/** Only of a resource that shows the job of an earlier one: the others are found by their uid. */
const shownJob = (object: GenerationJob): JobId | undefined =>
  showsEarlierRun(object) ? object.status?.jobId : undefined;

const keyOf = ({ metadata: { namespace, name } }: KubeObject): ResourceKey => ({ namespace, name });

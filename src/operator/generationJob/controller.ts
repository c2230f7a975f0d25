// Keeps GenerationJobs and their jobs in line: submits, mirrors back, deletes after the TTL, cancels what lost its resource.
// Here is what it listens to: the resources, the stream, the pools.

import { isOpen } from '../../job/task.ts';
import type { Change } from '../../readmodel/jobIndex.ts';
import type { Enqueue, KubeController } from '../runtime/controller.ts';
import type { KubeObject, ResourceKey } from '../../ports/kubernetes.ts';
import type { OperatorParts } from '../context.ts';
import { type GenerationJob, isFinished, isPending } from '../resources/generationJob.ts';
import { generationJobType } from '../resources/kinds.ts';
import { Memories } from './reconcileState.ts';
import { cancelOrphans } from './orphans.ts';
import { Owners } from './ownerIndex.ts';
import { Reconciler } from './reconciler.ts';

export function generationJobController(parts: OperatorParts): KubeController {
  let term: Term | undefined;
  return {
    name: 'generationjob',
    start: (enqueue, signal) => {
      term = new Term(parts, enqueue, signal);
      return term.begun;
    },
    reconcile: async (key) => (key.namespace === '' ? term!.cancelOrphans() : term!.reconciler.reconcile(key)),
  };
}

/** No resource is in a namespace without a name: under this key jobs are looked for that lost theirs. */
const orphansKey: ResourceKey = { namespace: '', name: 'jobs-without-resource' };
const orphansEvery = 30_000;
/** ms; its resource may be in a watch event that is under way. */
const strangerPatience = 2_000;

/** From a call of `start` to its signal. */
class Term {
  /** Resolves when all resources have been read once. */
  readonly begun: Promise<void>;
  readonly reconciler: Reconciler;
  readonly #parts: OperatorParts;
  readonly #enqueue: Enqueue;
  readonly #owners = new Owners();
  readonly #memories = new Memories();
  #knowsAllSince = Infinity;

  constructor(parts: OperatorParts, enqueue: Enqueue, signal: AbortSignal) {
    this.#parts = parts;
    this.#enqueue = enqueue;
    const { follower, pools, watchNamespaces: namespaces } = parts;
    const onChange = (object: GenerationJob, change: string): void => this.#hearOfResource(object, change);
    const informer = parts.startInformer<GenerationJob>({ type: generationJobType, namespaces, onChange, signal });
    this.reconciler = new Reconciler(parts, informer, this.#owners, this.#memories);
    signal.addEventListener(
      'abort',
      follower.onChange((change) => this.#hearOfTask(change)),
      { once: true },
    );
    const onPool = (): void => {
      for (const resource of informer.list()) if (isPending(resource.status)) enqueue(keyOf(resource));
    };
    pools.onChange(onPool, signal);
    this.begun = informer.untilSynced().then(() => this.#knowAll());
  }

  async cancelOrphans(): Promise<{ lookAgainInMs: number }> {
    const { follower, jitter } = this.#parts;
    if (!follower.ready().ready) return { lookAgainInMs: 1_000 };
    await cancelOrphans(this.#parts, this.#owners, this.#knowsAllSince);
    return { lookAgainInMs: orphansEvery * (0.75 + jitter() / 2) };
  }

  #hearOfResource(object: GenerationJob, change: string): void {
    if (change === 'deleted') this.#owners.lose(object);
    else this.#owners.see(object, isFinished(object.status));
    this.#enqueue(keyOf(object));
  }

  #hearOfTask({ entry: { state } }: Change): void {
    const { owner } = state.of;
    if (owner === null) return;
    const key = this.#owners.keyOf(owner);
    if (key !== undefined) {
      if (state.state === 'deleted') this.#memories.of(owner).jobDeleted = true;
      this.#enqueue(key);
    } else if (isOpen(state) && this.#knowsAllSince !== Infinity) this.#enqueue(orphansKey, strangerPatience);
  }

  #knowAll(): void {
    this.#knowsAllSince = this.#parts.clock.now();
    this.#enqueue(orphansKey);
  }
}

const keyOf = ({ metadata: { namespace, name } }: KubeObject): ResourceKey => ({ namespace, name });

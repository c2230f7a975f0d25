// One look at a GenerationJob: what went from its place, what there is, what of it is to be told.

import { jobIdOfOwner } from '../../jobs/submit/index.ts';
import { GenwardenError, catalogue } from '../../job/errors/index.ts';
import type { Informer, ResourceKey } from '../../ports/kubernetes.ts';
import type { OperatorParts } from '../context.ts';
import { type GenerationJob, isFinished } from '../resources/generationJob.ts';
import { generationJobType } from '../resources/kinds.ts';
import { deleteAt, lookAgainIn, writeDue } from './decide/schedule.ts';
import { cancelJobOf } from './orphans.ts';
import type { Memories, Memory } from './reconcileState.ts';
import { deletedJob, type Observation, observationOf, observeJob } from './observe.ts';
import type { Owners } from './ownerIndex.ts';
import { refusedBy, submitOf } from './submit.ts';
import { nextStatus } from './decide/status.ts';
import { StatusWriter } from './apply.ts';

interface Observed {
  readonly observed: Observation;
  /** To be called again for, with backoff. */
  readonly error?: GenwardenError;
}

type Again = { readonly lookAgainInMs: number } | undefined;

/** ms for which a submit may go without an answer before the resource says so. */
const unansweredQuietly = 10_000;
/** ms within which, after a start, all ends that resources tell of are compared with the stream. */
const comparedWithin = 600_000;
/** ms between two looks while this process does not know what the stream says, or another one was faster. */
const notReadyAgain = 1_000;
const conflictAgain = 200;

export class Reconciler {
  readonly #parts: OperatorParts;
  readonly #informer: Pick<Informer<GenerationJob>, 'get'>;
  readonly #owners: Owners;
  readonly #memories: Memories;
  readonly #writer: StatusWriter;

  constructor(
    parts: OperatorParts,
    informer: Pick<Informer<GenerationJob>, 'get'>,
    owners: Owners,
    memories: Memories,
  ) {
    this.#parts = parts;
    this.#informer = informer;
    this.#owners = owners;
    this.#memories = memories;
    this.#writer = new StatusWriter(parts);
  }

  async reconcile(key: ResourceKey): Promise<Again> {
    await this.#lookAfterGone(key);
    const cached = this.#informer.get(key);
    if (cached === undefined) return undefined;
    const memory = this.#memories.of(cached.metadata.uid);
    const resource = this.#writer.newest(cached, memory);
    if (resource.metadata.deletionTimestamp !== undefined) await this.#cancelEarly(resource);
    else if (await this.#deletedByTtl(resource)) return undefined;
    return await this.#mirror(resource, memory);
  }

  /** Jobs whose resources had this name. */
  async #lookAfterGone(key: ResourceKey): Promise<void> {
    for (const { uid, finished } of this.#owners.goneAt(key)) {
      if (!finished || this.#mayBeOpen(uid)) await cancelJobOf(this.#parts, key.namespace, uid);
      this.#owners.settle(key, uid);
      this.#memories.forget(uid);
    }
  }

  /** Somebody else's finalizer keeps the resource: its job ends now all the same. */
  async #cancelEarly({ metadata: { uid, namespace }, status }: GenerationJob): Promise<void> {
    if (!isFinished(status)) await cancelJobOf(this.#parts, namespace, uid);
  }

  #mayBeOpen(uid: string): boolean {
    const { follower } = this.#parts;
    return !follower.ready().ready || (follower.index.job(jobIdOfOwner(uid))?.openTasks ?? 0) > 0;
  }

  async #deletedByTtl(resource: GenerationJob): Promise<boolean> {
    const { cluster, clock } = this.#parts;
    const { uid, namespace, name } = resource.metadata;
    if (clock.now() < (deleteAt(resource) ?? Infinity) || this.#mayBeOpen(uid)) return false;
    await cluster.delete(generationJobType, { namespace, name }, { uid });
    return true;
  }

  async #mirror(resource: GenerationJob, memory: Memory): Promise<Again> {
    const { clock, follower, jitter } = this.#parts;
    const { observed, error } = await this.#observe(resource, memory);
    const next = nextStatus(resource, observed, clock.now());
    const due = writeDue(resource.status, next, memory.pace, clock.monotonic());
    const written = due.due === 'now' ? await this.#writer.write(resource, next, memory) : resource;
    if (written === 'conflict') return { lookAgainInMs: conflictAgain };
    if (error !== undefined) throw error;
    if (written === undefined) return undefined;
    if (!follower.ready().ready) return { lookAgainInMs: notReadyAgain * (1 + jitter()) };
    const again = lookAgainIn(written, observed, due, clock.now(), jitter());
    return { lookAgainInMs: Math.min(again, this.#untilCompared(memory)) };
  }

  async #observe(resource: GenerationJob, memory: Memory): Promise<Observed> {
    const { status, metadata } = resource;
    const { follower } = this.#parts;
    const job = status?.jobId;
    if (job === undefined) {
      // Refused for good, or never to be submitted.
      if (isFinished(status) || metadata.deletionTimestamp !== undefined) return { observed: { seen: 'nothingNew' } };
      return await this.#submit(resource, memory);
    }
    if (!follower.ready().ready) return { observed: { seen: 'nothingNew' } };
    if (memory.jobDeleted) return { observed: deletedJob(job) };
    if (isFinished(status) && follower.index.job(job) === undefined && !this.#isTimeToCompare(memory)) {
      return { observed: { seen: 'nothingNew' } };
    }
    const observed = await observeJob(this.#parts, resource, job);
    memory.compareAt = Infinity;
    return { observed };
  }

  /** In its turn only, as a start finds all of them at once. */
  #isTimeToCompare(memory: Memory): boolean {
    const now = this.#parts.clock.monotonic();
    memory.compareAt ??= now + this.#parts.jitter() * comparedWithin;
    return memory.compareAt <= now;
  }

  #untilCompared({ compareAt = Infinity }: Memory): number {
    return Math.max(0, compareAt - this.#parts.clock.monotonic());
  }

  async #submit(resource: GenerationJob, memory: Memory): Promise<Observed> {
    const { ready, reason } = this.#parts.follower.ready();
    if (memory.jobDeleted) return { observed: deletedJob(jobIdOfOwner(resource.metadata.uid)) };
    try {
      if (!ready) throw new GenwardenError('NotReady', `The operator does not know the stream: it ${reason}`);
      const record = await submitOf(this.#parts, resource);
      memory.unansweredSince = undefined;
      return { observed: await observationOf(this.#parts, resource, record) };
    } catch (error) {
      if (!(error instanceof GenwardenError)) throw error;
      return this.#refused(resource, memory, error);
    }
  }

  #refused(resource: GenerationJob, memory: Memory, error: GenwardenError): Observed {
    const { clock } = this.#parts;
    const { code, message } = error;
    if (code === 'JobNotFound') return { observed: deletedJob(jobIdOfOwner(resource.metadata.uid)) };
    if (!catalogue[code].retryable) {
      memory.unansweredSince = undefined;
      return { observed: refusedBy(error, resource, clock.now()) };
    }
    memory.unansweredSince ??= clock.monotonic();
    const isQuiet = clock.monotonic() - memory.unansweredSince < unansweredQuietly;
    return { observed: isQuiet ? { seen: 'nothingNew' } : { seen: 'unanswered', code, message }, error };
  }
}

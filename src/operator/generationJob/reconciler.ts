// Reconciles one GenerationJob: cancels the jobs of deleted namesakes, observes the job, computes the status, writes it.

import { after, elapsed, never } from '../../job/time.ts';
import { jobIdOfOwner } from '../../jobs/submit/index.ts';
import type { JobId } from '../../job/ids.ts';
import { GenwardenError, catalogue } from '../../job/errors/index.ts';
import type { Warning } from '../../job/explain/warnings.ts';
import type { Informer, ResourceKey } from '../../ports/kubernetes.ts';
import type { LaneContext } from '../../jobs/lanes.ts';
import type { OperatorContext } from '../context.ts';
import { type GenerationJob, isFinished } from '../resources/generationJob.ts';
import { generationJobType } from '../resources/kinds.ts';
import { deletionTime, requeueAfter, writeDue } from './decide/schedule.ts';
import { Claims } from './claims.ts';
import { cancelJobOf } from './orphans.ts';
import type { ReconcileStates, ReconcileState } from './reconcileState.ts';
import { findEarlierRun, forgetRun, rememberRun, showsEarlierRun } from './earlierRun.ts';
import { deletedJob, type Observation, observationOf, observeJob } from './observe.ts';
import type { OwnerIndex } from './ownerIndex.ts';
import { classifyRefusal, submitResource } from './submit.ts';
import { nextStatus } from './decide/status.ts';
import { StatusWriter } from './apply.ts';
import { writeResults } from './results.ts';
import { followSuspend, type Hold, isStopped, suspendedBySpec } from './suspend.ts';
import type { Kueue, Turn } from './kueue/index.ts';
import { warningsOfNew, type WaitContext } from './whyQueued.ts';

interface Observed {
  readonly observed: Observation;
  /** Of a job that was just submitted. */
  readonly warnings?: readonly Warning[];
  /** Thrown after the status is written, so that the reconcile is retried with backoff. */
  readonly error?: GenwardenError;
}

type ReconcileResult = { readonly requeueAfterMs: number } | undefined;

/** ms without an answer to the submit before the status reports it. */
const unansweredGrace = 10_000;
/** ms after a start within which every terminal status is rechecked against the stream. */
const recheckWithin = 600_000;
/** Requeue delays in ms: while the index is not current, and after a write conflict. */
const notReadyRetry = 1_000;
const conflictRetry = 200;

export class Reconciler {
  readonly #context: OperatorContext & LaneContext & WaitContext;
  readonly #informer: Pick<Informer<GenerationJob>, 'get' | 'list'>;
  readonly #owners: OwnerIndex;
  readonly #states: ReconcileStates;
  readonly #writer: StatusWriter;
  readonly #claims: Claims;
  readonly #kueue: Kueue;

  constructor(
    context: OperatorContext & LaneContext & WaitContext,
    informer: Pick<Informer<GenerationJob>, 'get' | 'list'>,
    owners: OwnerIndex,
    states: ReconcileStates,
    kueue: Kueue,
  ) {
    this.#context = context;
    this.#informer = informer;
    this.#owners = owners;
    this.#states = states;
    this.#writer = new StatusWriter(context);
    this.#claims = new Claims(context, informer, this.#writer);
    this.#kueue = kueue;
  }

  async reconcile(key: ResourceKey): Promise<ReconcileResult> {
    await this.#cancelJobsOfDeleted(key);
    const cached = this.#informer.get(key);
    if (cached === undefined) return undefined;
    const state = this.#states.of(cached.metadata.uid);
    const resource = this.#writer.newest(cached, state);
    if (this.#claims.isOfOther(resource, state)) return undefined;
    if (resource.metadata.deletionTimestamp !== undefined) await this.#cancelWhileTerminating(resource);
    else if (await this.#deletedByTtl(resource)) return undefined;
    return await this.#syncClaimed(resource, state);
  }

  /** Deleted resources that had this name. */
  async #cancelJobsOfDeleted(key: ResourceKey): Promise<void> {
    for (const { uid, job, finished } of this.#owners.deletedAt(key)) {
      if (!finished || this.#mayBeOpen(job)) await cancelJobOf(this.#context, key.namespace, job);
      this.#owners.forgetDeleted(key, uid);
      this.#states.forget(uid);
    }
  }

  /** A foreign finalizer keeps a deleted resource in Terminating; its job is cancelled without waiting for that. */
  async #cancelWhileTerminating({ metadata: { uid, namespace }, status }: GenerationJob): Promise<void> {
    if (!isFinished(status)) await cancelJobOf(this.#context, namespace, status?.jobId ?? jobIdOfOwner(uid));
  }

  #mayBeOpen(job: JobId): boolean {
    const { follower } = this.#context;
    return !follower.ready().ready || (follower.index.job(job)?.openTasks ?? 0) > 0;
  }

  async #deletedByTtl(resource: GenerationJob): Promise<boolean> {
    const { cluster, clock } = this.#context;
    const { uid, namespace, name } = resource.metadata;
    if (clock.now() < (deletionTime(resource) ?? Infinity) || this.#mayBeOpen(jobIdOfOwner(uid))) return false;
    await rememberRun(this.#context.tombstones, resource);
    await cluster.delete(generationJobType, { namespace, name }, { uid });
    return true;
  }

  async #syncClaimed(resource: GenerationJob, state: ReconcileState): Promise<ReconcileResult> {
    const claim = await this.#claims.claim(resource, state);
    switch (claim.kind) {
      case 'gone':
        return undefined;
      case 'later':
        return claim;
      case 'ours':
        return await this.#syncStatus(claim.resource, state);
      default:
        return claim satisfies never;
    }
  }

  async #syncStatus(resource: GenerationJob, state: ReconcileState): Promise<ReconcileResult> {
    const { clock, follower, jitter } = this.#context;
    const turn = await this.#kueue.turn(resource, state);
    if ('later' in turn) return { requeueAfterMs: turn.later };
    const { observed, error, warnings = [] } = await this.#observe(resource, state, turn);
    const next = nextStatus(resource, observed, clock.now());
    const due = writeDue(resource.status, next, state.writes, clock.monotonic());
    const written = due.due === 'now' ? await this.#writer.write(resource, next, state) : resource;
    if (written === 'conflict') return { requeueAfterMs: conflictRetry };
    if (error !== undefined) throw error;
    if (written === undefined) return undefined;
    for (const { code, message } of warnings)
      this.#context.recorder.record(written, { type: 'Warning', reason: code, action: 'Submit', note: message });
    if (!follower.ready().ready) return { requeueAfterMs: notReadyRetry * (1 + jitter()) };
    const reportAgain = await this.#kueue.report(written, turn, state, observed, due.due === 'now');
    const again = requeueAfter(written, observed, due, clock.now(), jitter());
    return { requeueAfterMs: Math.min(again, this.#msUntilRecheck(state), turn.retryAfterMs, reportAgain) };
  }

  async #observe(resource: GenerationJob, state: ReconcileState, turn: Turn): Promise<Observed> {
    const { status, metadata, spec } = resource;
    const { follower } = this.#context;
    const hold = spec?.suspend === true ? suspendedBySpec : turn.hold;
    const job = status?.jobId ?? this.#jobOfHeld(resource, hold);
    if (job === undefined) {
      // Finally refused, or being deleted: nothing to submit.
      if (isFinished(status) || metadata.deletionTimestamp !== undefined) return { observed: { kind: 'unchanged' } };
      if (hold === suspendedBySpec) return { observed: { kind: 'suspended', hold } };
      return await this.#submit(resource, state, turn);
    }
    if (!follower.ready().ready) return { observed: { kind: 'unchanged' } };
    await this.#forgetShownRun(resource, state);
    if (state.jobDeleted) return { observed: deletedJob(job) };
    if (isFinished(status) && follower.index.job(job) === undefined && !this.#isRecheckDue(state)) {
      return { observed: { kind: 'unchanged' } };
    }
    const observed = await observeJob(this.#context, resource, job);
    state.recheckAt = never;
    const followed = await this.#followHold(resource, observed, hold);
    return { observed: withTurn(await this.#withResults(resource, followed, hold), hold, turn) };
  }

  /** A process that ended before it wrote the status may have submitted it. */
  #jobOfHeld({ metadata }: GenerationJob, hold: Hold | undefined): JobId | undefined {
    if (hold === undefined) return undefined;
    const job = jobIdOfOwner(metadata.uid);
    return this.#context.follower.index.job(job) === undefined ? undefined : job;
  }

  async #followHold(resource: GenerationJob, observed: Observation, hold: Hold | undefined): Promise<Observation> {
    if (observed.kind !== 'job' || resource.metadata.deletionTimestamp !== undefined) return observed;
    const changed = await followSuspend(this.#context, resource, observed.summary, hold);
    if (changed === undefined) return observed;
    if (!(changed instanceof GenwardenError)) return await observationOf(this.#context, resource, changed);
    const { code, message } = changed;
    return { kind: 'job', summary: { ...observed.summary, reason: code, message: `Not resumed: ${message}` } };
  }

  /** Before the status says that the job has finished, so that who waits for that finds them. */
  async #withResults(resource: GenerationJob, observed: Observation, hold: Hold | undefined): Promise<Observation> {
    const { configMap } = resource.spec?.results ?? {};
    if (configMap === undefined || observed.kind !== 'job') return observed;
    const { finishedAt, tasks } = observed.summary;
    if (finishedAt === null || (hold !== undefined && isStopped(observed.summary))) return observed;
    return { ...observed, results: await writeResults(this.#context.cluster, resource, configMap, tasks) };
  }

  /** Spread over time, because a start finds all finished resources at the same time. */
  #isRecheckDue(state: ReconcileState): boolean {
    const now = this.#context.clock.monotonic();
    state.recheckAt ??= after(now, this.#context.jitter() * recheckWithin);
    return state.recheckAt <= now;
  }

  #msUntilRecheck({ recheckAt = never }: ReconcileState): number {
    return Math.max(0, elapsed(this.#context.clock.monotonic(), recheckAt));
  }

  /** Once in each process, so that a resource that is deleted and applied again runs. */
  async #forgetShownRun(resource: GenerationJob, state: ReconcileState): Promise<void> {
    if (state.runForgotten || !showsEarlierRun(resource)) return;
    await forgetRun(this.#context.tombstones, resource);
    state.runForgotten = true;
  }

  async #submit(resource: GenerationJob, state: ReconcileState, turn: Turn): Promise<Observed> {
    const { ready, reason } = this.#context.follower.ready();
    if (state.jobDeleted) return { observed: deletedJob(jobIdOfOwner(resource.metadata.uid)) };
    try {
      if (!ready) throw new GenwardenError('NotReady', `The operator's index of the stream is not current: ${reason}`);
      const earlier = await findEarlierRun(this.#context.tombstones, resource);
      if (earlier !== undefined) return { observed: { kind: 'alreadyRun', earlier } };
      if (turn.hold !== undefined) return { observed: { kind: 'suspended', hold: turn.hold } };
      const record = await submitResource(this.#context, resource);
      state.unansweredSince = undefined;
      const observed = await observationOf(this.#context, resource, record);
      return { observed: withTurn(observed, undefined, turn), warnings: await warningsOfNew(this.#context, record) };
    } catch (error) {
      if (!(error instanceof GenwardenError)) throw error;
      return this.#refused(resource, state, error);
    }
  }

  #refused(resource: GenerationJob, state: ReconcileState, error: GenwardenError): Observed {
    const { clock } = this.#context;
    const { code, message } = error;
    if (code === 'JobNotFound') return { observed: deletedJob(jobIdOfOwner(resource.metadata.uid)) };
    if (!catalogue[code].retryable) {
      state.unansweredSince = undefined;
      return { observed: classifyRefusal(error, resource, clock.now()) };
    }
    state.unansweredSince ??= clock.monotonic();
    const isQuiet = elapsed(state.unansweredSince, clock.monotonic()) < unansweredGrace;
    return { observed: isQuiet ? { kind: 'unchanged' } : { kind: 'unanswered', code, message }, error };
  }
}

function withTurn(observed: Observation, hold: Hold | undefined, { admitted }: Turn): Observation {
  return observed.kind === 'job' ? { ...observed, hold, admitted } : observed;
}

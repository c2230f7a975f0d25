// Looks every second at what should have happened by now, and at the end at what must be true of everything.

import { isOpen } from '../../../src/job/task.ts';
import type { Cast, ControllerPlayer, WorkerPlayer } from '../cast.ts';
import { heartbeatTimeout } from '../cast.ts';
import type { ClientJob } from '../clients.ts';
import type { Nemesis } from '../nemesis.ts';
import type { Plan } from '../plan.ts';
import type { SimulatedProvider } from '../provider.ts';
import type { Server } from '../server.ts';
import { epoch } from '../time/process.ts';
import type { Seen, Watcher } from './watcher.ts';

export interface PatrolOptions {
  readonly plan: Plan;
  readonly server: Server;
  readonly cast: Cast;
  readonly nemesis: Nemesis;
  readonly watcher: Watcher;
  readonly provider: SimulatedProvider;
}

/** ms past its moment by which a task must have moved: the outage's grace, its end, and the backoff of failed writes. */
const grace = 15_000 + 2 * heartbeatTimeout + 5_000;
/** In a run whose network is bad all the time, writes fail and are tried again with pauses of up to 30 s. */
const badGrace = grace + 45_000;

export class Patrol {
  readonly #options: PatrolOptions;
  readonly #grace: number;
  #calmSince = Infinity;
  /** Since when a worker could have taken a task without a break. */
  #servedSince = Infinity;
  /** When each worker was last seen to hold nothing but what it runs on record. */
  readonly #holdsSince = new Map<string, number>();

  constructor(options: PatrolOptions) {
    this.#options = options;
    const { slow, lostRequest, lostAnswer, lostWord, repeatedWord } = options.plan.weather;
    this.#grace = slow + lostRequest + lostAnswer + lostWord + repeatedWord === 0 ? grace : badGrace;
  }

  begin(): void {
    const { server } = this.#options;
    server.process.after(1_000, () => {
      this.#look();
      this.begin();
    });
  }

  /** All faults are over from now on. */
  calm(): void {
    this.#calmSince = this.#options.server.process.schedule.now;
  }

  /** Has everything ended that was ever stored, acknowledged or not? */
  done(): boolean {
    for (const { state } of this.#options.watcher.tasks.values()) if (isOpen(state)) return false;
    return true;
  }

  /** To be called once the run is over. */
  async conclude(jobs: readonly ClientJob[]): Promise<void> {
    const { watcher, plan, cast } = this.#options;
    for (const job of jobs) if (job.id !== undefined && !job.deleted) this.#checkJob(job, job.id);
    for (const { state } of watcher.tasks.values()) {
      if (isOpen(state)) watcher.violate('EverythingEnds', `it is still ${state.state}`, keyOfSeen(state.of));
    }
    if (plan.kind === 'natsAway') this.#checkPaidOnce();
    for (const controller of cast.controllers) await this.#checkCounter(controller);
  }

  #look(): void {
    const { watcher, cast } = this.#options;
    const now = this.#options.server.process.schedule.now;
    this.#servedSince = this.#couldServe(now) ? Math.min(this.#servedSince, now) : Infinity;
    for (const seen of watcher.tasks.values()) if (isOpen(seen.state)) this.#lookAt(seen, now);
    if (now > this.#calmSince + 15_000) this.#checkIndexes(now);
    if (now < this.#calmSince + grace) return;
    for (const player of cast.workers) this.#checkHeld(player, now);
    for (const { process, drainingSince } of cast.workers) {
      if (now - (drainingSince ?? now) > 30_000 + grace) watcher.violate('DrainsEnd', `${process.name} still drains`);
    }
  }

  /** A worker whose tasks are all over on record lets go of them, redelivered specs of old included. */
  #checkHeld({ process: { name }, worker }: WorkerPlayer, now: number): void {
    const { watcher } = this.#options;
    const runs = [...watcher.tasks.values()].some(({ state }) => state.state === 'running' && state.worker === name);
    if (worker.running() === 0 || runs) return void this.#holdsSince.set(name, now);
    const since = this.#holdsSince.get(name) ?? now;
    this.#holdsSince.set(name, since);
    if (now - since > grace) watcher.violate('NothingIsHeld', `${name} holds ${worker.running()} tasks`);
  }

  /** Every index has every open task as it is, save what has only just happened. */
  #checkIndexes(now: number): void {
    const { cast, watcher } = this.#options;
    const followers = [
      ...cast.controllers,
      ...cast.apis.map(({ process, context, bornAt }) => ({ process, bornAt, ...context })),
    ];
    for (const { process, follower, bornAt } of followers) {
      if (now - bornAt < 15_000) continue;
      if (!follower.ready().ready) watcher.violate('FollowersCatchUp', `${process.name}: ${follower.ready().reason}`);
      for (const { state, sequence, seenAt } of watcher.tasks.values()) {
        const known = follower.index.task(state.of.job, state.of.task)?.sequence;
        const message = `${process.name} has ${known} instead of ${sequence}`;
        if (now - seenAt > 5_000 && isOpen(state) && known !== sequence) {
          watcher.violate('IndexesAreCurrent', message, keyOfSeen(state.of));
        }
      }
    }
  }

  #lookAt({ state, seenAt }: Seen, now: number): void {
    if (!isOpen(state)) return;
    const { nemesis, watcher, cast } = this.#options;
    const about = keyOfSeen(state.of);
    const overdue = now - Math.max(state.dueAt - epoch, nemesis.disturbedUntil, seenAt);
    if (overdue > this.#grace) watcher.violate('NothingOverdue', `${state.state}, overdue by ${overdue} ms`, about);
    const since = Math.max(seenAt, this.#calmSince);
    if (now - since < grace) return;
    if (state.state === 'waiting' && now - Math.max(state.retryAt - epoch, since) > grace) {
      watcher.violate('RetriedInTime', `its retry is overdue since ${state.retryAt - epoch}`, about);
    }
    if (state.state === 'queued' && now - this.#servedSince > grace) {
      watcher.violate('QueueIsServed', `queued for ${now - seenAt} ms although workers are free`, about);
    }
    if (state.state === 'running' && cast.find(state.worker)?.process.alive === false) {
      watcher.violate('LossIsNoticed', `${state.worker} is dead`, about);
    }
  }

  /** A worker with a free slot, in a pool whose keys cannot be used up. */
  #couldServe(now: number): boolean {
    const { cast, plan } = this.#options;
    const free = cast.workers.some(
      ({ worker, process, drainingSince, bornAt }) =>
        drainingSince === undefined &&
        !process.frozen &&
        worker.running() < plan.slots &&
        worker.health().reason === 'working' &&
        now - bornAt > grace,
    );
    const harmless = !(['rateLimited', 'quota', 'refusedKey'] as const).some(
      (behaviour) => behaviour in plan.behaviours,
    );
    return free && (plan.keys === 0 || harmless);
  }

  #checkJob(job: ClientJob, id: string): void {
    const { watcher, server } = this.#options;
    for (const task of job.body.tasks!.keys()) {
      const seen = watcher.tasks.get(`${id}/${task}`);
      if (seen === undefined || server.stream.last({ pool: job.body.pool!, job: id, task }) === undefined) {
        watcher.violate('AcknowledgedJobKept', 'it was acknowledged but is not stored', `${id}/${task}`);
      }
    }
  }

  /** The product's own count of broken promises; overdue is nobody's fault where writes get lost for long. */
  async #checkCounter({ process, registry }: ControllerPlayer): Promise<void> {
    const { watcher, plan } = this.#options;
    const excused = this.#grace === badGrace || plan.faults.has('storm') ? 'OverdueUnmoved' : undefined;
    const { values } = await registry.getSingleMetric('genwarden_invariant_violations_total')!.get();
    for (const { labels } of values) {
      const { invariant } = labels;
      if (invariant !== excused) watcher.violate('CounterStaysZero', `${process.name} counted ${invariant}`);
    }
  }

  /** What the provider answered while NATS was away is not asked again. */
  #checkPaidOnce(): void {
    const { provider, watcher } = this.#options;
    const answered = provider.calls.filter((call) => call.answeredAt !== undefined);
    for (const { task } of answered) {
      const paid = answered.filter((call) => call.task === task).length;
      if (paid > 1) watcher.violate('PaidOnce', `prompt ${task} was answered ${paid} times`);
    }
  }
}

const keyOfSeen = ({ job, task }: Seen['state']['of']): string => `${job}/${task}`;

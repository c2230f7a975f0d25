// Checks every second what should have happened by now, and at the end what must hold for every job and task.

import { isOpen } from '../../../src/job/task.ts';
import type { Installation, ControllerInstance, WorkerInstance } from '../installation.ts';
import { heartbeatTimeout } from '../installation.ts';
import type { ClientJob } from '../clients.ts';
import type { Nemesis } from '../nemesis.ts';
import type { Plan } from '../plan.ts';
import type { SimulatedProvider } from '../provider.ts';
import type { Server } from '../server.ts';
import { epoch } from '../time/process.ts';
import type { CallChecks } from './calls.ts';
import { leftBehind } from './chains.ts';
import type { Seen, MessageChecks } from './messages.ts';
import { Service } from './service.ts';

export interface PeriodicChecksOptions {
  readonly plan: Plan;
  readonly server: Server;
  readonly installation: Installation;
  readonly nemesis: Nemesis;
  readonly messageChecks: MessageChecks;
  readonly provider: SimulatedProvider;
  readonly callChecks: CallChecks;
}

/** A task must have moved by so many ms past its time: the outage's grace, its end, and the backoff of failed writes. */
const grace = 15_000 + 2 * heartbeatTimeout + 5_000;
/** With a bad network throughout the run, writes fail and are retried with a backoff of up to 30 s. */
const badGrace = grace + 45_000;

export class PeriodicChecks {
  readonly #options: PeriodicChecksOptions;
  readonly #grace: number;
  #calmSince = Infinity;
  readonly #service: Service;
  /** When each worker last held only tasks that run on record. */
  readonly #holdsSince = new Map<string, number>();

  constructor(options: PeriodicChecksOptions) {
    this.#options = options;
    this.#service = new Service(options, grace);
    const { slow, lostRequest, lostAnswer, lostMessage, repeatedMessage } = options.plan.network;
    this.#grace = slow + lostRequest + lostAnswer + lostMessage + repeatedMessage === 0 ? grace : badGrace;
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

  /** Whether every task ever stored has ended, acknowledged or not. */
  done(): boolean {
    for (const { state } of this.#options.messageChecks.tasks.values()) if (isOpen(state)) return false;
    return true;
  }

  /** Call it when the run is over. */
  async conclude(jobs: readonly ClientJob[]): Promise<void> {
    const { messageChecks, plan, installation } = this.#options;
    for (const job of jobs) if (job.id !== undefined && !job.deleted) this.#checkJob(job, job.id);
    for (const { state } of messageChecks.tasks.values()) {
      if (isOpen(state)) messageChecks.violate('EverythingEnds', `it is still ${state.state}`, keyOfSeen(state.of));
    }
    if (plan.kind === 'natsAway') this.#checkPaidOnce();
    for (const controller of installation.controllers) await this.#checkCounter(controller);
  }

  #look(): void {
    const { messageChecks, installation } = this.#options;
    const now = this.#options.server.process.schedule.now;
    this.#service.look(now);
    for (const seen of messageChecks.tasks.values()) if (isOpen(seen.state)) this.#lookAt(seen, now);
    if (now > this.#calmSince + 15_000) this.#checkIndexes(now);
    if (now < this.#calmSince + grace) return;
    for (const instance of installation.workers) this.#checkHeld(instance, now);
    for (const { process, drainingSince } of installation.workers) {
      if (now - (drainingSince ?? now) > 30_000 + grace)
        messageChecks.violate('DrainsEnd', `${process.name} still drains`);
    }
  }

  /** A worker must release its slots once all of its tasks have ended on record, redelivered old specs included. */
  #checkHeld({ process: { name }, worker }: WorkerInstance, now: number): void {
    const { messageChecks } = this.#options;
    const runs = [...messageChecks.tasks.values()].some(
      ({ state }) => state.state === 'running' && state.worker === name,
    );
    if (worker.running() === 0 || runs) return void this.#holdsSince.set(name, now);
    const since = this.#holdsSince.get(name) ?? now;
    this.#holdsSince.set(name, since);
    if (now - since > grace) messageChecks.violate('NothingIsHeld', `${name} holds ${worker.running()} tasks`);
  }

  /** Every index has the current state of every open task, except for changes of the last seconds. */
  #checkIndexes(now: number): void {
    const { installation, messageChecks } = this.#options;
    const followers = [
      ...installation.controllers,
      ...installation.apis.map(({ process, context, startedAt }) => ({ process, startedAt, ...context })),
    ];
    for (const { process, follower, startedAt } of followers) {
      if (now - startedAt < 15_000) continue;
      if (!follower.ready().ready)
        messageChecks.violate('FollowersCatchUp', `${process.name}: ${follower.ready().reason}`);
      for (const { state, sequence, seenAt } of messageChecks.tasks.values()) {
        const known = follower.index.task(state.of.job, state.of.task)?.sequence;
        const message = `${process.name} has ${known} instead of ${sequence}`;
        if (now - seenAt > 5_000 && isOpen(state) && known !== sequence) {
          messageChecks.violate('IndexesAreCurrent', message, keyOfSeen(state.of));
        }
      }
    }
  }

  #lookAt(seen: Seen, now: number): void {
    const { state, seenAt } = seen;
    if (!isOpen(state)) return;
    const { nemesis, messageChecks, installation } = this.#options;
    const about = keyOfSeen(state.of);
    const overdue = now - Math.max(state.dueAt - epoch, nemesis.disturbedUntil, seenAt);
    if (overdue > this.#grace)
      messageChecks.violate('NothingOverdue', `${state.state}, overdue by ${overdue} ms`, about);
    const since = Math.max(seenAt, this.#calmSince);
    if (now - since < grace) return;
    if (state.state === 'waiting' && state.retryAt !== null && now - Math.max(state.retryAt - epoch, since) > grace) {
      messageChecks.violate('RetriedInTime', `its retry is overdue since ${state.retryAt - epoch}`, about);
    }
    const left = leftBehind(seen, messageChecks.tasks, now, this.#calmSince, grace);
    if (left !== undefined) messageChecks.violate(...left, about);
    if (state.state === 'queued' && now - this.#service.since(state) > grace) {
      messageChecks.violate('QueueIsServed', `queued for ${now - seenAt} ms although workers are free`, about);
    }
    if (state.state === 'running' && installation.find(state.worker)?.process.alive === false) {
      messageChecks.violate('LossIsNoticed', `${state.worker} is dead`, about);
    }
  }

  #checkJob(job: ClientJob, id: string): void {
    const { messageChecks, server } = this.#options;
    for (const task of job.body.tasks!.keys()) {
      const seen = messageChecks.tasks.get(`${id}/${task}`);
      if (seen === undefined || server.stream.last({ pool: job.body.pool!, job: id, task }) === undefined) {
        messageChecks.violate('AcknowledgedJobKept', 'it was acknowledged but is not stored', `${id}/${task}`);
      }
    }
  }

  /** Genwarden's own counter of broken invariants; overdue tasks are excused where writes get lost for long. */
  async #checkCounter({ process, registry }: ControllerInstance): Promise<void> {
    const { messageChecks, plan } = this.#options;
    const excused = this.#grace === badGrace || plan.faults.has('storm') ? 'OverdueUnmoved' : undefined;
    const { values } = await registry.getSingleMetric('genwarden_invariant_violations_total')!.get();
    for (const { labels, value } of values) {
      const { invariant } = labels;
      if (value > 0 && invariant !== excused)
        messageChecks.violate('CounterStaysZero', `${process.name} counted ${invariant}`);
    }
  }

  /** A prompt that the provider answered while NATS was away must not be sent again. */
  #checkPaidOnce(): void {
    const { provider, messageChecks } = this.#options;
    const answered = provider.calls.filter((call) => call.answeredAt !== undefined);
    for (const { task } of answered) {
      const paid = answered.filter((call) => call.task === task).length;
      if (paid > 1) messageChecks.violate('PaidOnce', `prompt ${task} was answered ${paid} times`);
    }
  }
}

const keyOfSeen = ({ job, task }: Seen['state']['of']): string => `${job}/${task}`;

// Checks each call as the provider sees it: the limit of its key, whether it should have been made at all, and whether the
// attempts of a known outage are free.

import type { TaskErrorCode } from '../../../src/job/errors/index.ts';
import type { Installation } from '../installation.ts';
import type { Nemesis } from '../nemesis.ts';
import { isSound } from '../network.ts';
import type { Plan } from '../plan.ts';
import type { Call, CallListener } from '../provider.ts';
import type { Server } from '../server.ts';

export interface CallChecksOptions {
  readonly plan: Plan;
  readonly server: Server;
  readonly nemesis: Nemesis;
  readonly installation: Installation;
  readonly checkCall: (call: Call) => void;
  readonly violate: (invariant: string, message: string, about?: string) => void;
}

/** A failure is known to all workers, and every call that was admitted before has arrived, after this time, ms. */
const knownAfter = 5_000;
const minute = 60_000;
/** How long a refused key is left alone at least. */
const refusedFor = 600_000;
const probeInterval = 2_000;
/** The clock of the processes has whole ms. */
const tolerance = 2;

const outageCodes: readonly (TaskErrorCode | undefined)[] = [
  'ProviderUnavailable',
  'ProviderError',
  'ProviderUnreachable',
];
export const isOutageCode = (code: string | undefined): boolean => outageCodes.includes(code as TaskErrorCode);

/** What the calls of a model say about it. */
interface ModelCalls {
  /** When the failures since the last other answer ended, oldest first. */
  failures: number[];
  lastArrival: number;
  /** When a call last failed or hung. */
  troubledAt: number;
}

export class CallChecks implements CallListener {
  readonly #options: CallChecksOptions;
  readonly #isSound: boolean;
  readonly #models = new Map<string, ModelCalls>();
  readonly #arrivals = new Map<string, number[]>();
  /** When each refused key was refused. */
  readonly #refused = new Map<string, number>();
  /** Calls that are not answered yet. */
  readonly #open = new Set<Call>();
  /** The failed calls that belonged to a known outage: worker and prompt. */
  readonly #free = new Set<string>();
  /** When the last call of a worker for a prompt was sent, if it was answered with a result. */
  readonly #answered = new Map<string, number>();

  constructor(options: CallChecksOptions) {
    this.#options = options;
    this.#isSound = isSound(options.plan.network) && !options.plan.faults.has('clockError');
  }

  arrived(call: Call): void {
    this.#options.checkCall(call);
    this.#open.add(call);
    this.#checkLimit(call);
    if (this.#isTrusted(call.worker)) this.#checkKey(call);
    const model = this.#model(call.model);
    if (this.#isTrusted(call.worker)) this.#checkProbe(call, model);
    model.lastArrival = call.startedAt;
  }

  ended(call: Call): void {
    this.#open.delete(call);
    const now = call.endedAt!;
    const model = this.#model(call.model);
    const failed = isOutageCode(call.failure);
    if (failed || (call.failure === undefined && call.answeredAt === undefined)) model.troubledAt = now;
    this.#free.delete(`${call.worker} ${call.task}`);
    if (call.answeredAt === undefined) this.#answered.delete(`${call.worker} ${call.task}`);
    else this.#answered.set(`${call.worker} ${call.task}`, call.startedAt);
    if (failed) {
      if (this.#isOut(model, now) && this.#isTrusted(call.worker)) this.#free.add(`${call.worker} ${call.task}`);
      // A worker that cannot tell others about it does not count.
      if (this.#isTrusted(call.worker)) model.failures.push(now);
    } else if (call.failure !== undefined || call.answeredAt !== undefined) model.failures = [];
    if (call.failure === 'KeyRefused' && this.#isTrusted(call.worker)) this.#learnRefusal(call, now);
    if (call.answeredAt !== undefined && this.#isTrusted(call.worker)) this.#expectRecovery(call, model, now);
  }

  /** Whether the worker's last call for this prompt was answered with a result, and sent after `since`, ms of the run. */
  wasAnswered(worker: string, prompt: string, since: number): boolean {
    return (this.#answered.get(`${worker} ${prompt}`) ?? -Infinity) >= since;
  }

  /** Whether the worker's last call for this prompt failed during an outage that was known. */
  isFree(worker: string, prompt: string): boolean {
    return this.#free.has(`${worker} ${prompt}`);
  }

  /** Whether a breaker may rightly be open: the last failure, or an unanswered call, is not older than `ms`. */
  wasTroubled(model: string, ms: number): boolean {
    const { server, installation } = this.#options;
    const since = server.process.schedule.now - ms;
    const waits = [...this.#open].some(
      (call) => call.model === model && installation.find(call.worker)?.process.alive === true,
    );
    return waits || this.#model(model).troubledAt > since;
  }

  /** Whether the worker hears and tells everything in time. */
  #isTrusted(worker: string): boolean {
    const { nemesis, server } = this.#options;
    const { now } = server.process.schedule;
    return this.#isSound && now > nemesis.disturbedUntil + 10_000 && nemesis.wasWell(worker, now);
  }

  #model(name: string): ModelCalls {
    const known = this.#models.get(name) ?? { failures: [], lastArrival: -Infinity, troubledAt: -Infinity };
    this.#models.set(name, known);
    return known;
  }

  /** Requests in any sliding minute. */
  #checkLimit({ key, startedAt, worker }: Call): void {
    const { plan, violate } = this.#options;
    const recent = (this.#arrivals.get(key) ?? []).filter((at) => at > startedAt - minute);
    recent.push(startedAt);
    this.#arrivals.set(key, recent);
    if (plan.faults.has('clockError') || recent.length <= plan.requestsPerMinute) return;
    violate('LimitsHold', `${worker} made request ${recent.length} of ${plan.requestsPerMinute} a minute with ${key}`);
  }

  /** At least three failures in a row, the third of which everyone knows by now. */
  #isOut({ failures }: ModelCalls, now: number): boolean {
    const recent = failures.filter((at) => at > now - minute);
    return recent.length >= 3 && recent[2]! < now - knownAfter;
  }

  #checkProbe({ startedAt, model, worker }: Call, calls: ModelCalls): void {
    if (!this.#isOut(calls, startedAt)) return;
    const since = startedAt - calls.lastArrival;
    if (since >= probeInterval - tolerance) return;
    const message = `${worker} called ${model}, which is out, ${Math.round(since)} ms after the last call`;
    this.#options.violate('OutagesAreProbed', message);
  }

  #learnRefusal({ key, worker }: Call, now: number): void {
    const { server } = this.#options;
    if (this.#refused.has(key)) return;
    server.process.after(knownAfter, () => {
      if (this.#isTrusted(worker) && !this.#refused.has(key)) this.#refused.set(key, now);
    });
  }

  #checkKey({ key, startedAt, worker }: Call): void {
    const { installation, violate } = this.#options;
    const at = this.#refused.get(key);
    if (at === undefined) return;
    // A worker that starts later than a minute after the refusal may try the key again: it may have been repaired.
    const restarted = installation.workers.some((instance) => instance.startedAt > at + minute - knownAfter);
    if (restarted || installation.keysReplacedAt > at || startedAt > at + refusedFor)
      return void this.#refused.delete(key);
    violate('RefusedKeysRest', `${worker} used ${key}, which was refused ${Math.round(startedAt - at)} ms ago`);
  }

  /** The first success ends an outage. */
  #expectRecovery({ model, worker }: Call, calls: ModelCalls, answeredAt: number): void {
    const { server, installation, violate } = this.#options;
    const instance = installation.find(worker);
    if (instance?.role !== 'worker') return;
    const { pool } = instance;
    server.process.after(knownAfter, () => {
      const { now } = server.process.schedule;
      // Another call may have failed at nearly the same time.
      if (calls.troubledAt > answeredAt - 1_000 || !this.#isTrusted(worker)) return;
      const open = server.keys.outages(pool).find((outage) => outage.model === model);
      if (open !== undefined)
        violate('SuccessEndsOutage', `${model} counts as out although a call succeeded ${now - answeredAt} ms ago`);
    });
  }
}

// Campaigns for leadership and runs the leader's work only while the index is current. A leader resigns when its index falls too
// far behind the stream.

import { logEvent } from '../job/logEvents/index.ts';
import type { Leadership, LeaderRole } from '../ports/leadership.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Follower } from './follower.ts';

/** A leader resigns when its index is further behind the stream than this, ms. */
const maxLag = 5_000;

export interface LeaderElectorOptions {
  readonly role: LeaderRole;
  /** Unique to this process. */
  readonly name: string;
  readonly leadership: Leadership;
  readonly follower: Pick<Follower, 'ready' | 'lag'>;
  readonly logger: Logger;
}

/** The leader's work, called once per term. Resolves after `term` has aborted and all work in progress has ended. */
export type Lead = (term: AbortSignal) => Promise<void>;

interface Waiter {
  readonly condition: () => boolean;
  readonly resolve: () => void;
}

export class LeaderElector {
  readonly #options: LeaderElectorOptions;
  readonly #waiters = new Set<Waiter>();
  #term: AbortSignal | undefined;

  constructor(options: LeaderElectorOptions) {
    this.#options = options;
  }

  get leading(): boolean {
    return this.#term !== undefined && !this.#term.aborted;
  }

  /** This process leads, and its index is current enough to act on. */
  get mayAct(): boolean {
    return this.leading && this.#options.follower.lag() <= maxLag;
  }

  /** Campaigns until the signal aborts. Never rejects. */
  async campaign(lead: Lead, signal: AbortSignal): Promise<void> {
    const { role, name, leadership, logger } = this.#options;
    try {
      await leadership.campaign({ role, name }, (term) => this.#runTerm(lead, term, signal), signal);
    } catch (error) {
      if (signal.aborted) return;
      logEvent(logger, 'leader_election_failed', { err: error }, 'Leader election stopped with an error');
    }
  }

  /** Starts the work once the index is current, and resigns once it is too old. The owner calls it at least once a second. */
  check(): void {
    for (const waiter of this.#waiters) if (waiter.condition()) waiter.resolve();
  }

  async #runTerm(lead: Lead, term: AbortSignal, stop: AbortSignal): Promise<void> {
    const { follower, logger, role, name } = this.#options;
    // Other candidates may be just as far behind, so this process keeps the leadership until its index is current or too old.
    if (!follower.ready().ready) await this.#until(() => follower.ready().ready || follower.lag() > maxLag, term);
    if (term.aborted || !follower.ready().ready) return;
    logEvent(logger, 'leader_elected', { role, name }, 'Became leader');
    const resigned = new AbortController();
    this.#term = AbortSignal.any([term, resigned.signal]);
    const resign = (): void => resigned.abort(new Error('the index is too far behind the stream'));
    try {
      await Promise.all([lead(this.#term), this.#until(() => follower.lag() > maxLag, this.#term).then(resign)]);
    } finally {
      resign();
    }
    if (stop.aborted) return logEvent(logger, 'leader_resigned', { role, name }, 'No longer leader, because it stops');
    const reason = term.aborted ? 'the term ended' : follower.ready().reason;
    logEvent(logger, 'leader_lost', { role, name, reason }, 'No longer leader');
  }

  /** Resolves at the first `check` that finds the condition true, or when the signal aborts. */
  async #until(condition: () => boolean, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter = { condition, resolve: () => resolve() };
    this.#waiters.add(waiter);
    signal.addEventListener('abort', waiter.resolve, { once: true });
    await promise;
    this.#waiters.delete(waiter);
    signal.removeEventListener('abort', waiter.resolve);
  }
}

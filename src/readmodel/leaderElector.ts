// Campaigns for leadership and does the leader's work only while this process leads with a current index. A leader whose
// index falls too far behind the stream resigns.

import type { Leadership, LeaderRole } from '../ports/leadership.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Follower } from './follower.ts';

/** A leader further behind the stream than this resigns, ms. */
const maxLag = 5_000;

export interface LeaderElectorOptions {
  readonly role: LeaderRole;
  /** Unique to this process. */
  readonly name: string;
  readonly leadership: Leadership;
  readonly follower: Pick<Follower, 'ready' | 'lag'>;
  readonly logger: Logger;
}

/** The leader's work: returns once `term` has aborted and everything in progress has ended. Called once a term. */
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

  /** Leads, and the index is current enough to act on. */
  get mayAct(): boolean {
    return this.leading && this.#options.follower.lag() <= maxLag;
  }

  /** Campaigns until the signal aborts. Never rejects. */
  async campaign(lead: Lead, signal: AbortSignal): Promise<void> {
    const { role, name, leadership, logger } = this.#options;
    try {
      await leadership.campaign({ role, name }, (term) => this.#serve(lead, term), signal);
    } catch (error) {
      if (!signal.aborted) logger.error({ err: error }, 'Leader election stopped with an error');
    }
  }

  /** Starts or ends the work when the index became current or too old. The owner calls it at least once a second. */
  check(): void {
    for (const waiter of this.#waiters) if (waiter.condition()) waiter.resolve();
  }

  async #serve(lead: Lead, term: AbortSignal): Promise<void> {
    const { follower, logger, role, name } = this.#options;
    // Other candidates may not be better off, so leadership is kept until the index is current or hopelessly behind.
    if (!follower.ready().ready) await this.#until(() => follower.ready().ready || follower.lag() > maxLag, term);
    if (term.aborted || !follower.ready().ready) return;
    logger.info({ role, name }, 'Became leader');
    const resigned = new AbortController();
    this.#term = AbortSignal.any([term, resigned.signal]);
    const resign = (): void => resigned.abort(new Error('the index is too far behind the stream'));
    try {
      await Promise.all([lead(this.#term), this.#until(() => follower.lag() > maxLag, this.#term).then(resign)]);
    } finally {
      resign();
    }
    logger.warn({ role, name, reason: term.aborted ? 'the term ended' : follower.ready().reason }, 'No longer leader');
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

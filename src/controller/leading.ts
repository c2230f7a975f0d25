// When this process leads: it follows everything all the time, and leads only with an index that is current.

import type { Leadership } from '../ports/leadership.ts';
import type { Follower } from '../readmodel/follower.ts';
import type { Logger } from '../telemetry/log.ts';

/** A leader further behind the stream than this resigns, ms. */
const mostLag = 5_000;

export interface LeadingOptions {
  readonly name: string;
  readonly leadership: Leadership;
  readonly follower: Follower;
  readonly logger: Logger;
  /** Called when this process begins to lead, and when it ends. */
  readonly onChange: (leading: boolean) => void;
}

interface Awaited {
  readonly condition: () => boolean;
  readonly resolve: () => void;
}

export class Leading {
  readonly #options: LeadingOptions;
  readonly #awaited = new Set<Awaited>();
  #leading = false;

  constructor(options: LeadingOptions) {
    this.#options = options;
  }

  /** Leads, and with an index that is not too old to judge by. */
  get active(): boolean {
    return this.#leading && this.#options.follower.lag() <= mostLag;
  }

  get leading(): boolean {
    return this.#leading;
  }

  /** Campaigns until the signal aborts; never throws. */
  async campaign(signal: AbortSignal): Promise<void> {
    const { name, leadership, logger } = this.#options;
    try {
      await leadership.campaign({ office: 'controller', name }, (term) => this.#lead(term), signal);
    } catch (error) {
      if (!signal.aborted) logger.error({ err: error }, 'The campaign for leadership ended');
    }
  }

  /** Sees whether it is time to begin or to resign; to be called at least once a second. */
  look(): void {
    for (const awaited of this.#awaited) if (awaited.condition()) awaited.resolve();
  }

  /** Leads until the term ends; returning early is to resign. */
  async #lead(term: AbortSignal): Promise<void> {
    const { follower, logger, name, onChange } = this.#options;
    // Nobody else may be better off, so the office is kept until the index is current or hopeless.
    if (!follower.ready().ready) await this.#until(() => follower.ready().ready || follower.lag() > mostLag, term);
    if (term.aborted || !follower.ready().ready) return;
    logger.info({ name }, 'Leading');
    this.#leading = true;
    onChange(true);
    await this.#until(() => follower.lag() > mostLag, term);
    this.#leading = false;
    onChange(false);
    logger.warn({ name, reason: term.aborted ? 'the term ended' : follower.ready().reason }, 'No longer leading');
  }

  /** Resolves at a later look that finds the condition true, or when the signal aborts. */
  async #until(condition: () => boolean, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const awaited = { condition, resolve: () => done() };
      const done = (): void => {
        this.#awaited.delete(awaited);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#awaited.add(awaited);
      signal.addEventListener('abort', done, { once: true });
    });
  }
}

// What happened in a run, for the person who investigates a failure. Kept on request only: a failed seed is replayed.

export interface Event {
  /** ms since the run began. */
  readonly at: number;
  readonly who: string;
  readonly what: string;
  /** `job/task` or a job, if the event concerns one. */
  readonly about?: string | undefined;
}

export class History {
  readonly kept: Event[] = [];
  readonly #keeps: boolean;
  readonly #now: () => number;

  constructor(keeps: boolean, now: () => number) {
    this.#keeps = keeps;
    this.#now = now;
  }

  /** Calls `what` only if the history is kept. */
  note(who: string, what: () => string, about?: string): void {
    if (this.#keeps) this.kept.push({ at: this.#now(), who, what: what(), about });
  }

  /** The last events that concern the task, its job, or the whole installation. */
  around(about: string | undefined, most: number): Event[] {
    const [job] = about?.split('/') ?? [];
    const concerned = this.kept.filter(
      (event) => event.about === undefined || about === undefined || event.about === about || event.about === job,
    );
    return concerned.slice(-most);
  }
}

export const formatEvent = ({ at, who, what, about }: Event): string =>
  `${(at / 1_000).toFixed(3).padStart(8)} s  ${who.padEnd(14)} ${what}${about === undefined ? '' : `  [${about}]`}`;

// The counters of the leading controller that count the stream. A change of the leader neither counts a message twice nor skips
// one: counts reach the counters only in a scrape by Prometheus, after which the leader stores up to where they are complete
// (the mark), and the next leader counts what comes after the mark.

import { logEvent } from '../../job/logEvents/index.ts';
import { taskFields } from '../../job/logEvents/taskEvents.ts';
import type { TaskState } from '../../job/task.ts';
import { elapsed, type Instant, type Monotonic, type Sequence } from '../../job/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { FollowEvent, JobLog, Position } from '../../ports/jobLog.ts';
import type { ScrapeMarks } from '../../ports/scrapeMarks.ts';
import type { Follower } from '../../readmodel/follower.ts';
import type { Change } from '../../readmodel/jobIndex.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Invariant } from '../invariants.ts';
import type { Recovered } from '../recoveryTimes.ts';
import { countsOf, noteOf, type Count } from './counts.ts';
import { Handover } from './handover.ts';
import type { Ledger } from './ledger.ts';
import { Notes } from './notes.ts';
import { replay } from './replay.ts';

export interface LeaderCountersOptions {
  readonly ledger: Ledger;
  /** Absent: counts reach the counters at once, and a new leader counts from the start of its term. */
  readonly marks?: ScrapeMarks;
  readonly log: Pick<JobLog, 'follow'>;
  readonly follower: Pick<Follower, 'position'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly name: string;
}

interface Term {
  readonly signal: AbortSignal;
  readonly handover: Handover | undefined;
  /** Counts messages after this one. Infinity: none until the follower has caught up with a new stream. */
  from: Sequence;
  /** `starting`: reads what the previous leader did not show. `direct`: no Prometheus is known to scrape this installation. */
  mode: 'starting' | 'held' | 'direct';
  /** When Prometheus last scraped, or when the term began. */
  scrapedAt: Monotonic;
  /** Outages that began before this were counted by the previous leader. */
  outagesSince: Instant;
  /** This process was suspended for so long that another one may lead. */
  suspect: boolean;
  confirming: boolean;
}

/** A gap between two ticks after which this process may have been suspended, ms: ticks are at most a second apart. */
const tickGap = 1_500;
/** Without a scrape for this long, counts no longer wait for one, ms. */
const patience = 600_000;
const mostHeld = 100_000;

export class LeaderCounters {
  readonly #options: LeaderCountersOptions;
  readonly #notes = new Notes();
  #term: Term | undefined;
  #terms = 0;
  #tickedAt: Monotonic;

  constructor(options: LeaderCountersOptions) {
    this.#options = options;
    this.#tickedAt = options.clock.monotonic();
  }

  /** Resolves once the counts that the previous leader did not show are held. Never rejects. */
  async begin(signal: AbortSignal): Promise<void> {
    const { marks, clock, follower, name } = this.#options;
    const position = follower.position();
    this.#terms += 1;
    const term: Term = {
      signal,
      handover: marks && new Handover(marks, clock, `${name}/${this.#terms}`),
      from: position.sequence,
      mode: 'starting',
      scrapedAt: clock.monotonic(),
      outagesSince: clock.now(),
      suspect: false,
      confirming: false,
    };
    this.#term = term;
    await this.#takeOver(term, position);
  }

  /** Drops what no scrape has shown: the next leader counts it. */
  end(): void {
    this.#term = undefined;
    this.#options.ledger.drop();
  }

  /** Call it for every change of the index, whether this process leads or not. */
  change({ entry, before, after }: Change, recovered: Recovered | undefined): void {
    const note = noteOf(before?.state, after.state, recovered);
    if (note !== undefined) this.#notes.set(entry.sequence, note);
  }

  /** Call it for every event of the stream, after the index has applied it. */
  follow(event: FollowEvent): void {
    const term = this.#term;
    if (event.event === 'reset') {
      this.#notes.clear();
      this.#options.ledger.drop();
      if (term !== undefined) term.from = Infinity;
    }
    if (term === undefined) return;
    if (event.event === 'caughtUp' && term.from === Infinity) term.from = event.position.sequence;
    if (event.event !== 'entry' || event.straggler === true || event.entry.sequence <= term.from) return;
    const { sequence, state } = event.entry;
    const note = this.#notes.get(sequence) ?? { violated: [] };
    for (const invariant of note.violated) this.#logViolation(invariant, state);
    this.#hold(term, sequence, countsOf(state, note));
  }

  /** Counts an outage that began at `since`, unless the previous leader did. False while that is not known yet. */
  outageBegan(labels: { readonly pool: string; readonly model: string }, since: Instant): boolean {
    const term = this.#term;
    if (term === undefined || term.mode === 'starting') return false;
    // Between this message and the next one.
    const sequence = this.#options.follower.position().sequence + 0.5;
    if (since > term.outagesSince) this.#hold(term, sequence, [{ to: 'providerOutages', labels }]);
    return true;
  }

  /** Call it at least once a second. */
  tick(): void {
    const { clock, ledger } = this.#options;
    const term = this.#term;
    this.#checkGap(term);
    this.#tickedAt = clock.monotonic();
    if (term === undefined) return;
    if (term.suspect && !term.confirming) void this.#confirm(term);
    const isUnseen = elapsed(term.scrapedAt, this.#tickedAt) > patience || ledger.size > mostHeld;
    if (term.mode !== 'held' || term.suspect || !isUnseen) return;
    term.mode = 'direct';
    ledger.settleAll();
  }

  /** Call it when Prometheus reads the values; the returned function when it has the answer. */
  scraped(): () => void {
    const { ledger, clock, follower } = this.#options;
    const term = this.#term;
    this.#checkGap(term);
    ledger.createHeld();
    if (term === undefined || term.mode === 'starting' || term.suspect || term.from === Infinity) return ledger.show();
    term.mode = term.handover === undefined ? 'direct' : 'held';
    term.scrapedAt = clock.monotonic();
    const left = ledger.settle();
    const { epoch, sequence: last } = follower.position();
    const shown = ledger.show();
    const mark = { epoch, sequence: left === undefined ? last : Math.ceil(left) - 1, at: clock.now() };
    return () => {
      shown();
      void term.handover?.store(mark);
    };
  }

  async #takeOver(term: Term, position: Position): Promise<void> {
    const { log, logger, ledger } = this.#options;
    const { signal, handover } = term;
    const mark = await handover?.take(position, signal).catch(() => undefined);
    const after = mark && { epoch: mark.epoch, sequence: mark.sequence };
    const missed = after && (await replay({ log, notes: this.#notes, after, upTo: position.sequence, signal }));
    if (this.#term !== term || signal.aborted) return;
    if (mark === undefined || missed === undefined) {
      const words = 'The mark of the latest scrape cannot be used: the counters count from this moment';
      if (handover?.hadMark === true) logEvent(logger, 'counters_restarted', {}, words);
      term.mode = 'direct';
      ledger.settleAll();
      return;
    }
    const messages = position.sequence - mark.sequence;
    logger.debug({ messages }, 'Counters continue after the latest scrape of the previous leader');
    ledger.holdFirst(missed);
    term.outagesSince = mark.at;
    term.mode = 'held';
  }

  #hold(term: Term, sequence: Sequence, counts: readonly Count[]): void {
    const { ledger } = this.#options;
    ledger.hold({ sequence, counts });
    if (term.mode === 'direct') ledger.settleAll();
  }

  #logViolation(invariant: Invariant, state: TaskState): void {
    const message = `A message violates the invariant ${invariant}: the task is ${state.state} (${state.reason})`;
    logEvent(this.#options.logger, 'invariant_violated', { ...taskFields(state), invariant }, message);
  }

  #checkGap(term: Term | undefined): void {
    const gap = elapsed(this.#tickedAt, this.#options.clock.monotonic());
    // A term without a stored mark can neither confirm it nor double what a later leader counts.
    if (term?.mode === 'held' && gap > tickGap) term.suspect = true;
  }

  async #confirm(term: Term): Promise<void> {
    term.confirming = true;
    const isOurs = await term.handover?.confirm();
    term.confirming = false;
    if (isOurs === true) term.suspect = false;
  }
}

// A watch: events of the selected jobs, one JSON object a line. Lines are sent in pieces, and the next piece is made when the client
// has taken the last one: however many jobs there are, a watch holds a few of them.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes

import { countStates, jobState } from '../../job/jobState.ts';
import type { LogEntry, Position } from '../../ports/jobLog.ts';
import type { IndexedJob } from '../../readmodel/jobIndex.ts';
import type { KubeAnswer, KubeApiContext, WatchedJobs } from '../context.ts';
import { untilAt } from '../list.ts';
import { deletedObject, jobObject, type KubeJob, type TaskAt } from '../objects/jobObject.ts';
import { isSelectedState, type Selection } from '../objects/selectors.ts';
import { isDeleted, pageOf, pagesFrom, pageSize } from '../pages.ts';
import type { Representation } from '../representation.ts';
import { failure, statusOf } from '../status.ts';
import { sequenceIn, versionAt } from '../versions.ts';
import { jobChanges, type JobChange } from './changes.ts';

export interface WatchQuery {
  readonly selected: Selection;
  /** `''` and `0`: all jobs first, as added ones. */
  readonly resourceVersion: string;
  /** All jobs first, at the version or later, then a bookmark that says so. */
  readonly sendInitialEvents: boolean;
  readonly allowBookmarks: boolean;
  readonly timeoutMs: number;
}

type EventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';

/** Throws a `StatusError` or `Unavailable` if the watch cannot begin. */
export async function watchAnswer(
  context: KubeApiContext,
  query: WatchQuery,
  shown: Representation,
  signal: AbortSignal,
): Promise<KubeAnswer> {
  const { resourceVersion } = query;
  const isAnyVersion = resourceVersion === '' || resourceVersion === '0';
  // At least as new as what the client has seen elsewhere.
  if (!isAnyVersion && query.sendInitialEvents) await untilAt(context, resourceVersion);
  const { epoch, sequence } = context.follower.position();
  const startsAnew = isAnyVersion || query.sendInitialEvents;
  const from = { epoch, sequence: startsAnew ? sequence : sequenceIn(resourceVersion, epoch) };
  const ending = AbortSignal.any([signal, context.closing, AbortSignal.timeout(query.timeoutMs)]);
  const watch = new Watch(context, query, shown, ending);
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: watch.pieces(from, startsAnew),
  };
}

class Watch {
  readonly #context: KubeApiContext;
  readonly #query: WatchQuery;
  readonly #shown: Representation;
  readonly #ending: AbortSignal;
  /** With a selection by state: whether the client has the job. Only of jobs that this watch has told about. */
  readonly #has = new Map<string, boolean>();
  #isFirst = true;

  constructor(context: KubeApiContext, query: WatchQuery, shown: Representation, ending: AbortSignal) {
    this.#context = context;
    this.#query = query;
    this.#shown = shown;
    this.#ending = ending;
  }

  async *pieces(from: Position, startsAnew: boolean): AsyncGenerator<string> {
    const expiring = followExpired(this.#context, this.#query.selected);
    try {
      if (startsAnew) yield* this.#initial(from);
      const options = { quietMs: this.#context.bookmarkEveryMs ?? 30_000, signal: this.#ending };
      for await (const changes of jobChanges(this.#context, from, options)) {
        const lines = changes.flatMap((change) =>
          change.change === 'none' ? this.#quiet(change.at, expiring.take()) : [...this.#changed(change, from.epoch)],
        );
        if (lines.length > 0) yield lines.join('');
      }
    } catch (error) {
      if (!this.#ending.aborted) yield line('ERROR', failure(statusOf(error)));
    } finally {
      expiring.stop();
    }
  }

  /** Every selected job as it is now. A change while they are sent is told again by the changes. */
  async *#initial(from: Position): AsyncGenerator<string> {
    const { selected } = this.#query;
    const first = await pageOf(this.#context, selected, { limit: pageSize });
    for await (const jobs of pagesFrom(this.#context, selected, first)) {
      if (this.#ending.aborted) return;
      const lines = jobs.flatMap((tasks) => {
        if (isDeleted(tasks)) return [];
        if (selected.states.size > 0) this.#has.set(tasks[0]!.state.of.job, true);
        return this.#event('ADDED', jobObject(tasks, from.epoch));
      });
      if (lines.length > 0) yield lines.join('');
    }
    if (this.#query.sendInitialEvents && this.#query.allowBookmarks)
      yield this.#bookmark(from, { 'k8s.io/initial-events-end': 'true' });
  }

  #quiet(at: Position, expired: readonly IndexedJob[]): readonly string[] {
    const lines = expired.map((job) => this.#event('DELETED', ofExpired(job, at)));
    return this.#query.allowBookmarks ? [...lines, this.#bookmark(at)] : lines;
  }

  *#changed(change: Exclude<JobChange, { change: 'none' }>, epoch: string): Generator<string> {
    const { entry } = change;
    const { selected } = this.#query;
    if (!selected.isWanted(entry.state.of)) return;
    const { job } = entry.state.of;
    if (change.change === 'deleted') {
      this.#has.delete(job);
      yield this.#event('DELETED', deletedObject(entry.state, epoch, entry.sequence));
      return;
    }
    const object = jobObject(change.tasks, epoch);
    if (selected.states.size === 0) yield this.#event(change.isNew ? 'ADDED' : 'MODIFIED', object);
    else yield* this.#byState(change.tasks, object, change.isNew);
  }

  /**
   * To a client that selects by state, a job is added and deleted as its state changes. If this watch has not told about the job
   * yet, the client may have it from before: then it is told that the job is gone, which changes nothing if it has not.
   */
  *#byState(tasks: readonly TaskAt[], object: KubeJob, isNew: boolean): Generator<string> {
    const { job } = tasks[0]!.state.of;
    const had = this.#has.get(job) ?? (isNew ? false : undefined);
    const fits = isSelectedState(this.#query.selected, jobState(countStates(tasks.map(({ state }) => state))));
    this.#has.set(job, fits);
    if (fits) yield this.#event(had === true ? 'MODIFIED' : 'ADDED', object);
    else if (had !== false) yield this.#event('DELETED', object);
  }

  #event(type: EventType, job: KubeJob): string {
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    return line(type, this.#shown.event(job, isFirst));
  }

  #bookmark(at: Position, annotations?: Readonly<Record<string, string>>): string {
    return line('BOOKMARK', this.#shown.bookmark(versionAt(at), annotations));
  }
}

const line = (type: EventType, object: object): string => `${JSON.stringify({ type, object })}\n`;

/** No message tells that the retention of a job has ended. */
function followExpired(
  { follower }: Pick<WatchedJobs, 'follower'>,
  { isWanted }: Selection,
): { take(): readonly IndexedJob[]; stop(): void } {
  let expired: IndexedJob[] = [];
  const stop = follower.onExpired((jobs) => {
    expired.push(...jobs.filter((job) => isWanted(firstOf(job).state.of)));
  });
  return {
    stop,
    take: () => {
      const taken = expired;
      expired = [];
      return taken;
    },
  };
}

const firstOf = ({ tasks }: IndexedJob): Pick<LogEntry, 'state' | 'sequence'> =>
  tasks.find((task) => task !== undefined)!;

const ofExpired = (job: IndexedJob, { epoch, sequence }: Position): KubeJob =>
  deletedObject(firstOf(job).state, epoch, sequence);

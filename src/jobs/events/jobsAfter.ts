// Each job as a message left it, for the job events of a feed. A feed that catches up asks for thousands of messages, so a job
// is not read for a message that is known not to be its newest.

import { mapLimit } from '../../async/mapLimit.ts';
import type { JobId } from '../../job/ids.ts';
import type { Sequence } from '../../job/task.ts';
import type { LogEntry } from '../../ports/jobLog.ts';
import type { JobsContext } from '../context.ts';
import { taskVersions, type TaskVersion } from '../list.ts';

type LookupContext = Pick<JobsContext, 'log' | 'follower' | 'recent'>;

const concurrentReads = 16;

export class JobsAfter {
  readonly #context: LookupContext;
  /** Messages of the job before this sequence are known not to be its newest. */
  readonly #newest = new Map<JobId, Sequence>();

  constructor(context: LookupContext) {
    this.#context = context;
  }

  /**
   * By the sequence of each of these consecutive messages: all tasks of its job as the message left it. None for a message
   * that has a newer one of its job, which will have its own event, and none for a deleted job. Throws `Unavailable`.
   */
  async after(entries: readonly LogEntry[]): Promise<ReadonlyMap<Sequence, readonly TaskVersion[]>> {
    const found = new Map<Sequence, readonly TaskVersion[]>();
    const lastOfJobs = new Map(entries.map((entry) => [entry.state.of.job, entry]));
    await mapLimit(concurrentReads, [...lastOfJobs.values()], async (entry) => {
      const tasks = await this.#jobAfter(entry);
      if (tasks !== undefined) found.set(entry.sequence, tasks);
    });
    return found;
  }

  /** The feed has caught up: what it knows about jobs is of no further use. */
  forget(): void {
    this.#newest.clear();
  }

  async #jobAfter({ sequence, state }: LogEntry): Promise<readonly TaskVersion[] | undefined> {
    const { job, pool } = state.of;
    if (state.state === 'deleted' || sequence < (this.#newest.get(job) ?? 0)) return undefined;
    const { follower, log, recent } = this.#context;
    const indexed = follower.index.job(job);
    // A copy: the index changes its own array.
    if (indexed?.complete === true) return ifNewest([...(indexed.tasks as readonly TaskVersion[])], sequence);
    // The job finished and was evicted from the index, or the index never held all of its tasks.
    const readAt = recent.last;
    const record = await log.read(job, pool);
    if (record === undefined || record.tasks.some(({ last }) => last.state.state === 'deleted')) {
      // Its id may be used again, but only by a later message.
      this.#newest.set(job, readAt + 1);
      return undefined;
    }
    const tasks = taskVersions(record);
    this.#newest.set(job, newestOf(tasks));
    return ifNewest(tasks, sequence);
  }
}

const newestOf = (tasks: readonly TaskVersion[]): Sequence => Math.max(...tasks.map(({ sequence }) => sequence));

const ifNewest = (tasks: readonly TaskVersion[], sequence: Sequence): readonly TaskVersion[] | undefined =>
  newestOf(tasks) === sequence ? tasks : undefined;

// Holds a request until a job has changed or finished, its time is over, or its client is gone.

import type { JobId } from '../job/ids.ts';
import { isOpen, type Sequence } from '../job/task.ts';
import type { JobRecord } from '../ports/jobLog.ts';
import type { ApiContext } from '../api/options.ts';

/** What a waiting request can be told without reading the job: the sequence of its last message, and whether it ended. */
interface Glance {
  readonly sequence: Sequence;
  readonly open: boolean;
}

/** Resolves when `enough` holds, or after `waitMs`, or when the signal aborts. The caller reads the job then. */
export async function awaitJob(
  context: ApiContext,
  record: JobRecord,
  enough: (glance: Glance) => boolean,
  waitMs: number,
  signal: AbortSignal,
): Promise<void> {
  const end = AbortSignal.any([signal, context.closing, AbortSignal.timeout(waitMs)]);
  const changes = context.watch.listen(record.job, end);
  try {
    let glance = newer(glanceAt(record), fromIndex(context, record.job));
    while (!end.aborted && !enough(glance) && (await changes.next())) {
      const indexed = fromIndex(context, record.job);
      // Gone from the index by a change: deleted, or finished and evicted at once.
      if (indexed === undefined) return;
      glance = newer(glance, indexed);
    }
  } finally {
    changes.stop();
  }
}

export function glanceAt(record: JobRecord): Glance {
  return {
    sequence: Math.max(...record.tasks.map(({ last }) => last.sequence)),
    open: record.tasks.some(({ last }) => isOpen(last.state)),
  };
}

/** The index holds every open task, so a job that it knows is open exactly if one it shows is; a job it dropped has ended. */
function fromIndex({ follower }: ApiContext, job: JobId): Glance | undefined {
  const indexed = follower.index.job(job);
  if (indexed === undefined) return undefined;
  const sequence = Math.max(0, ...indexed.tasks.map((task) => task?.sequence ?? 0));
  return { sequence, open: indexed.openTasks > 0 };
}

/** A follower that lags must not undo what was read. */
function newer(read: Glance, indexed: Glance | undefined): Glance {
  return indexed === undefined || indexed.sequence < read.sequence ? read : indexed;
}

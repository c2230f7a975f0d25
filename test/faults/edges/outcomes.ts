// What became of the jobs of a row, by their histories.

import { mapLimit } from '../../../src/async/mapLimit.ts';
import type { GenwardenClient, Transition } from '../../../src/client/index.ts';
import type { EdgeRow } from './edgeRows.ts';

type Outcomes = Pick<EdgeRow, 'jobs' | 'terminal' | 'lost' | 'overdueMs'>;

/** A job without a history is lost; `overdueMs`: how long after a status was due the next one came, at most. */
export async function outcomesOf(client: GenwardenClient, jobs: readonly string[]): Promise<Outcomes> {
  const histories = await mapLimit(8, jobs, (job) => client.history(job).catch((): Transition[] => []));
  const tasks = histories.map((history) => Object.values(Object.groupBy(history, ({ task }) => task)));
  return {
    jobs: jobs.length,
    terminal: tasks.filter((job) => job.length > 0 && job.every((entries) => isTerminal(entries!.at(-1)!))).length,
    lost: tasks.filter((job) => job.length === 0).length,
    overdueMs: Math.max(0, ...tasks.flatMap((job) => job.flatMap((entries) => overdues(entries!)))),
  };
}

const isTerminal = ({ dueAt }: Transition): boolean => dueAt === null;

/** Of one task: the time from each `dueAt` to the next status, ms. */
export const overdues = (history: readonly Pick<Transition, 'at' | 'dueAt'>[]): number[] =>
  history.slice(1).map(({ at }, index) => {
    const due = history[index]!.dueAt;
    return due === null ? 0 : Date.parse(at) - Date.parse(due);
  });

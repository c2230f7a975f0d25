// The jobs that a client selects, newest first, a page at a time: one who wants all 100,000 gets them without a list of them ever
// being in memory.

import { listJobs, type ListPage, type TaskVersion } from '../jobs/list.ts';
import { everyTenant } from '../jobs/tenancy.ts';
import type { ListPosition } from '../readmodel/jobOrder.ts';
import type { WatchedJobs } from './context.ts';
import type { Selection } from './objects/selectors.ts';

/** Jobs in a page of a client that did not say. */
export const pageSize = 64;

/** Throws `Unavailable`. */
export const pageOf = (
  context: WatchedJobs,
  { states, isWanted: search }: Selection,
  { limit, before }: { readonly limit: number; readonly before?: ListPosition | undefined },
): Promise<ListPage> =>
  listJobs(context, {
    tenant: everyTenant,
    states,
    pool: undefined,
    kind: undefined,
    labels: [],
    search,
    limit,
    before,
  });

/** The page and all after it, each made when it is asked for. Throws `Unavailable`. */
export async function* pagesFrom(
  context: WatchedJobs,
  selected: Selection,
  first: ListPage,
): AsyncGenerator<ListPage['jobs']> {
  for (
    let { jobs, next } = first;
    ;
    { jobs, next } = await pageOf(context, selected, { limit: pageSize, before: next })
  ) {
    yield jobs;
    if (next === null) return;
  }
}

/** Since its page was made: a watch from the version of the list tells that. */
export const isDeleted = (tasks: readonly TaskVersion[]): boolean =>
  tasks.some(({ state }) => state.state === 'deleted');

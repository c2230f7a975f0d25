// What `genwarden top` shows: the figures of the last hour, pools, workers, stuck tasks and open jobs, as the API answers them.

import {
  GenwardenApiError,
  type Activity,
  type GenwardenClient,
  type ListedJob,
  type Pool,
  type StuckTask,
  type Worker,
} from '../../../client/index.ts';

export interface Snapshot {
  /** Null: the API is of an earlier version. */
  readonly activity: Activity | null;
  readonly pools: readonly Pool[];
  readonly workers: readonly Worker[];
  readonly stuck: { readonly total: number; readonly items: readonly StuckTask[] };
  /** The newest open jobs. */
  readonly jobs: readonly ListedJob[];
  /** There are more of them. */
  readonly moreJobs: boolean;
}

const shownJobs = 50;

/** `stuck`: what was stuck a moment ago; finding that out costs the API more than everything else together. */
export async function snapshotOf(client: GenwardenClient, stuck?: Snapshot['stuck']): Promise<Snapshot> {
  const [activity, pools, workers, found, page] = await Promise.all([
    client.activity().catch(orNone),
    client.pools(),
    client.workers(),
    stuck ?? client.stuck(),
    client.listPage({ state: 'open', pageSize: shownJobs }),
  ]);
  const { items, total } = found;
  return { activity, pools, workers, stuck: { items, total }, jobs: page.items, moreJobs: page.next !== null };
}

function orNone(error: unknown): null {
  if (error instanceof GenwardenApiError && error.code === 'RouteNotFound') return null;
  throw error;
}

/** Whether the worker runs or may run tasks. APIs of earlier versions list no others. */
export const isPresent = ({ state }: Partial<Pick<Worker, 'state'>>): boolean =>
  state !== 'stopped' && state !== 'lost';

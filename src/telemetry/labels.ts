// Values of labels, all from bounded sets: clients choose the names of models and pools, and none of them may add a series.

import { causeOfFallback } from '../job/fallback.ts';
import { servingPool } from '../job/target.ts';
import type { TaskWrite } from '../job/task.ts';

/** The number of models of a pool that become labels. */
const mostModels = 50;
const other = 'other';

/** A model as a label: `other` unless it is among the first 50 that the pool lists. */
export function modelLabel(model: string, listed: readonly string[]): string {
  const position = listed.indexOf(model);
  return position >= 0 && position < mostModels ? model : other;
}

/** The labels of `genwarden_fallbacks_total` for the spec that a task fell back with. */
export function fallbackLabels({ state, detail }: TaskWrite): Record<'pool' | 'to_pool' | 'cause', string> {
  const cause = detail.error === undefined ? 'outage' : causeOfFallback(detail.error);
  return { pool: state.of.pool, to_pool: servingPool(state), cause };
}

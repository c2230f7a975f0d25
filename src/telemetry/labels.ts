// Values of labels, all from bounded sets: clients choose the names of models and pools, and none of them may add a series.

import { causeOfFallback } from '../job/fallback.ts';
import { servingPool } from '../job/target.ts';
import type { TaskWrite } from '../job/task.ts';

/** The number of models of a pool that become labels. */
const mostModels = 50;
/** The label of what is not known, or too much. */
export const otherLabel = 'other';

/** A model as a label: `other` unless it is among the first 50 that the pool lists. */
export const modelLabel = (model: string, listed: readonly string[]): string =>
  modelLabels(listed).includes(model) ? model : otherLabel;

/** The labels of all models that the pool lists. */
export function modelLabels(listed: readonly string[]): readonly string[] {
  const distinct = [...new Set(listed)];
  return distinct.length <= mostModels ? distinct : [...distinct.slice(0, mostModels), otherLabel];
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** An HTTP method as a label; there are more than thirty, and clients may use any of them. */
export const methodLabel = (method: string): string => (methods.includes(method) ? method : otherLabel);

/** The labels of `genwarden_fallbacks_total` for the spec that a task fell back with. */
export function fallbackLabels({ state, detail }: TaskWrite): Record<'pool' | 'to_pool' | 'cause', string> {
  const cause = detail.error === undefined ? 'outage' : causeOfFallback(detail.error);
  return { pool: state.of.pool, to_pool: servingPool(state), cause };
}

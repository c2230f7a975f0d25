// Finds queued tasks that a block of their target may move or fail. All others wait until it ends.

import type { World } from '../job/rules/rule.ts';
import { laterTargets } from '../job/target.ts';
import type { Queued } from '../job/task.ts';
import { blocksOf } from '../jobs/blocks.ts';
import type { IndexedTask } from '../readmodel/jobIndex.ts';
import { taskKey, type TaskKey } from '../readmodel/taskKey.ts';

export function blockedTasks(open: Iterable<IndexedTask>, world: Pick<World, 'block'>): TaskKey[] {
  const blockOf = blocksOf(world);
  const found: TaskKey[] = [];
  for (const { state } of open) {
    if (state.state !== 'queued') continue;
    const why = blockOf(state);
    if (why?.confirmed === true && (why.permanent || hasPolicyFor(state)))
      found.push(taskKey(state.of.job, state.of.task));
  }
  return found;
}

const hasPolicyFor = (task: Queued): boolean =>
  laterTargets(task).length > 0 || task.of.policy.onOutage === 'fail' || task.of.policy.onBudget === 'fail';

// Finds queued tasks that a block of their target may move or fail. All others wait until it ends.

import type { Block } from '../job/block.ts';
import type { World } from '../job/rules/rule.ts';
import { laterTargets, targetOf } from '../job/target.ts';
import type { Queued } from '../job/task.ts';
import type { IndexedTask } from '../readmodel/jobIndex.ts';
import { taskKey, type TaskKey } from '../readmodel/taskKey.ts';

export function blockedTasks(open: Iterable<IndexedTask>, { block }: Pick<World, 'block'>): TaskKey[] {
  const blocks = new Map<string, Block | undefined>();
  const blockOf = (task: Queued): Block | undefined => {
    const { pool, model } = targetOf(task);
    const { tenant } = task.of;
    const key = JSON.stringify([pool, model, tenant]);
    if (!blocks.has(key)) blocks.set(key, block(pool, model, tenant));
    return blocks.get(key);
  };
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

// A queued task whose pool admits no call of its model: it moves to a fallback, or fails if waiting cannot help or its policy
// does not allow it. Otherwise it stays queued.

import { blockError } from '../blockError.ts';
import { fallbackFromBlock } from '../fallback.ts';
import type { Block } from '../block.ts';
import { targetOf } from '../target.ts';
import type { Instant, Queued, TaskBase } from '../task.ts';
import { failed, fellBack } from '../transitions.ts';
import type { Rule, World, Write } from './rule.ts';

export const targetBlocked: Rule = ({ task }, world, now) => {
  if (task.state !== 'queued') return undefined;
  const block = blockOf(task, world);
  if (block === undefined || !block.confirmed) return undefined;
  const isBlocked = (pool: string, model: string): boolean =>
    world.block(pool, model, task.of.tenant, task.of.group)?.confirmed === true;
  const target = fallbackFromBlock(task, block, isBlocked);
  if (target !== undefined) return fallBack(task, target, block, now);
  if (!block.permanent && !failsOn(block, task)) return undefined;
  const error = blockError(block, task, now);
  return { do: 'write', rule: 'TargetBlocked', state: failed(task, error.code, now), message: error.message, error };
};

/** Why the task's current target admits no call. */
export const blockOf = (task: Pick<TaskBase, 'of' | 'target'>, world: Pick<World, 'block'>): Block | undefined => {
  const { pool, model } = targetOf(task);
  return world.block(pool, model, task.of.tenant, task.of.group);
};

function fallBack(task: Queued, target: number, block: Block, now: Instant): Write {
  const state = fellBack(task, target, now);
  const { pool, model } = targetOf(state);
  const error = blockError(block, task, now);
  const message = `${error.message}; falling back to model ${model} of pool ${pool}`;
  return { do: 'write', rule: 'FallBack', state, message, error };
}

/** Whether the task's policy fails it, instead of letting it wait. */
export function failsOn({ reason }: Block, { of }: Queued): boolean {
  if (reason === 'ProviderOutage') return of.policy.onOutage === 'fail';
  return reason === 'BudgetExhausted' && of.policy.onBudget === 'fail';
}

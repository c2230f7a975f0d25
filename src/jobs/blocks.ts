// Why pools admit no call, asked of the key ring once for each pool, model, tenant and group, for many tasks at one moment.

import type { Block } from '../job/block.ts';
import { targetOf } from '../job/target.ts';
import type { TaskState } from '../job/task.ts';
import type { KeyRingView } from './context.ts';

/** The block of a queued task's target; null for every other task, if a call is admitted, and if nothing is known. */
export type Blocks = (state: TaskState) => Block | null;

export function blocksOf(keys: Pick<KeyRingView, 'block'> | undefined): Blocks {
  const known = new Map<string, Block | null>();
  return (state) => {
    if (keys === undefined || state.state !== 'queued') return null;
    const { pool, model } = targetOf(state);
    const { tenant, group } = state.of;
    // The leading controller asks for every queued task each second. None of the four contains a line break.
    const call = `${pool}\n${model}\n${tenant}\n${group ?? ''}`;
    const before = known.get(call);
    if (before !== undefined) return before;
    const block = keys.block(pool, model, tenant, group) ?? null;
    known.set(call, block);
    return block;
  };
}

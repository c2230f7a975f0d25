// Which queued tasks the leader checks because their target admits no call.

import { expect, test } from 'vitest';
import { blockedTasks } from '../../../src/controller/blockedTasks.ts';
import type { Block } from '../../../src/job/block.ts';
import type { Policy } from '../../../src/job/policy.ts';
import type { OpenTask } from '../../../src/job/task.ts';
import { monotonicFrom } from '../../../src/job/time.ts';
import { submitted } from '../../../src/job/transitions.ts';
import { taskKey } from '../../../src/readmodel/taskKey.ts';
import { blockOf } from '../../fakes/blocks.ts';
import { freshJobId, identity, openTasks } from '../../fakes/tasks.ts';

const outage = blockOf('ProviderOutage', { code: 'ProviderUnavailable' });

const queued = (policy: Partial<Policy> = {}, model = 'gemini-3.1-flash-image') => {
  const of = identity({ job: freshJobId(), model });
  return submitted({ ...of, policy: { ...of.policy, ...policy } });
};
const indexed = (tasks: OpenTask[]) => tasks.map((state) => ({ sequence: 1, seenAt: monotonicFrom(0), state }));
const found = (tasks: OpenTask[], block: Partial<Block> | undefined) =>
  blockedTasks(indexed(tasks), { block: () => block && { ...outage, ...block } });
const key = ({ of }: OpenTask) => taskKey(of.job, of.task);

test('only tasks with a policy for it are checked', () => {
  const waits = queued();
  const fails = queued({ onOutage: 'fail' });
  const moves = queued({ fallback: [{ pool: 'default', model: 'spare' }] });
  expect(found([waits, fails, moves], {})).toEqual([key(fails), key(moves)]);
  expect(found([waits, fails, moves], undefined)).toEqual([]);
  expect(found([waits, fails, moves], { confirmed: false })).toEqual([]);
});

test('a permanent block concerns every queued task, and no other', () => {
  const task = queued();
  expect(found([task, ...openTasks().slice(1)], { permanent: true })).toEqual([key(task)]);
});

test('blocks are per model, and each is asked for once', () => {
  const asked: string[] = [];
  const tasks = Array.from({ length: 50 }, (_, at) => queued({ onOutage: 'fail' }, at % 2 === 0 ? 'image' : 'text'));
  const block = (_pool: string, model: string): Block | undefined => {
    asked.push(model);
    return model === 'image' ? outage : undefined;
  };
  expect(blockedTasks(indexed(tasks), { block })).toHaveLength(25);
  expect(asked).toEqual(['image', 'text']);
});

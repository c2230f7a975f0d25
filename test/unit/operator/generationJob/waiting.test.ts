// Why a queued job of a resource does not start: in its status, and as events at its submit.
import { expect, test } from 'vitest';
import { blockOf } from '../../../fakes/blocks.ts';
import { aBeat } from '../../../fakes/heartbeats.ts';
import { scriptedKeys } from '../../../fakes/keyRingView.ts';
import { anOperator, aWorld, create, hands, peek, start, statusWrites } from './stage.ts';

test('a job whose keys are refused says so in its status, with a warning event, in no more writes than others', async () => {
  const keys = scriptedKeys();
  keys.blocked = blockOf('KeysRefused', { code: 'KeyRefused', until: start + 600_000 });
  const world = await aWorld();
  const operator = await anOperator(world, { keys });
  world.heartbeats.beat(aBeat({ slots: { total: 4, busy: 0, leaked: 0 } }));
  const resource = create(world, 'yard');
  await operator.settle();
  const message = 'Gemini refuses every key of pool default';
  expect(peek(world, 'yard')?.status).toMatchObject({ state: 'queued', reason: 'Queued', message });
  expect(operator.events).toMatchObject([
    { type: 'Normal', reason: 'Submitted' },
    {
      type: 'Warning',
      reason: 'KeysExhausted',
      action: 'Submit',
      note: expect.stringContaining('KeyRefused in 1 day'),
    },
  ]);
  keys.blocked = undefined;
  const { claim, succeed } = hands(world, resource);
  await claim();
  await operator.settle();
  await succeed();
  await operator.settle();
  expect(peek(world, 'yard')?.status).toMatchObject({ state: 'succeeded' });
  expect(statusWrites(world)).toBe(4);
});

test('the status follows when the obstacle appears or goes, at the next look', async () => {
  const world = await aWorld();
  await world.queue.ensurePool('default');
  const operator = await anOperator(world);
  create(world, 'yard');
  await operator.settle();
  expect(peek(world, 'yard')?.status?.message).toBe('Waiting for a worker');
  await world.queue.pause('default', start + 3_600_000);
  await operator.after(300_000);
  expect(peek(world, 'yard')?.status?.message).toBe('Pool default is paused until 2026-11-22T01:00:00Z');
  await world.queue.resume('default');
  await operator.after(300_000);
  expect(peek(world, 'yard')?.status?.message).toBe('Waiting for a worker');
  expect(statusWrites(world)).toBe(4);
});

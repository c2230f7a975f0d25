// Memory decides with the slots what a worker runs: tasks wait for it before their claim, and a suspect runs alone.

import { afterEach, expect, test } from 'vitest';
import type { Generated, GenerateRequest } from '../../../src/ports/provider.ts';
import { cancelled } from '../../../src/job/transitions.ts';
import type { OpenTask, TaskRequest } from '../../../src/job/task.ts';
import { weightOf } from '../../../src/worker/attemptMemory.ts';
import type { WorkerOptions } from '../../../src/worker/worker.ts';
import type { Block } from '../../../src/job/block.ts';
import { blockOf } from '../../fakes/blocks.ts';
import { fakeArtifactStore } from '../../fakes/artifactStore.ts';
import { fakeKeyRings } from '../../fakes/keyRing.ts';
import { systemClock } from '../../fakes/clock.ts';
import { made } from '../../fakes/provider.ts';
import { aRequest, queuedTask } from '../../fakes/tasks.ts';
import type { OfferedDelivery } from '../../fakes/taskQueue.ts';
import { startWorld, type World } from '../../fakes/workerWorld.ts';
import { until } from '../../support/until.ts';

let world: World;
afterEach(() => world.worker.drain());

/** A provider whose calls the test ends, by prompt. */
function held() {
  const running = new Set<string>();
  const ends = new Map<string, () => void>();
  const seen: string[] = [];
  const generate = async ({ input }: GenerateRequest): Promise<Generated> => {
    running.add(input.prompt);
    seen.push(input.prompt);
    await new Promise<void>((resolve) => ends.set(input.prompt, resolve));
    running.delete(input.prompt);
    return made();
  };
  const end = (prompt: string): void => ends.get(prompt)!();
  return { running, seen, generate, end };
}

const mega = 1_000_000;
const artifact = `sha256:${'1'.repeat(64)}`;

/** `bytes`: of its references together. */
function requestOf(prompt: string, bytes = 0): TaskRequest {
  const references = bytes === 0 ? [] : [{ artifact, mediaType: 'image/png', bytes }];
  return { ...aRequest, input: { prompt, references } };
}

/** Delivers a new task that has lost `attemptsLost` workers in its run. */
const offer = (prompt: string, bytes = 0, attemptsLost = 0) =>
  world.submit({ request: requestOf(prompt, bytes), attemptsLost });

const small = weightOf(queuedTask({ kind: 'text' }), aRequest, 'fake');
const large = weightOf(queuedTask({ kind: 'text' }), requestOf('', 60 * mega), 'fake');

function startWith(memory: number, over: Partial<WorkerOptions> = {}): ReturnType<typeof held> {
  const provider = held();
  const artifacts = { ...fakeArtifactStore(), read: () => Promise.resolve(new Uint8Array(1)) };
  world = startWorld(provider.generate, { memory, artifacts, ...over });
  return provider;
}

const runs = ({ running }: ReturnType<typeof held>, prompt: string): Promise<unknown> =>
  until(() => running.has(prompt), { what: `the call of ${prompt}` });
const answered = (delivery: OfferedDelivery, answer: string): Promise<unknown> =>
  until(() => delivery.answers.includes(answer), { what: answer });

test('large references run one after the other, with small tasks beside them as far as memory goes', async () => {
  const provider = startWith(large + 2 * small);
  const first = offer('large 1', 60 * mega);
  offer('small 1');
  await until(() => provider.running.size === 2, { what: '2 calls' });
  const second = offer('large 2', 60 * mega);
  await answered(second.delivery, 'working');
  expect([...provider.running].toSorted()).toEqual(['large 1', 'small 1']);
  expect(world.worker.running()).toBe(3);
  provider.end('large 1');
  await world.log.reached(first.task, 'succeeded');
  await runs(provider, 'large 2');
  provider.end('small 1');
  provider.end('large 2');
  await world.log.reached(second.task, 'succeeded');
  expect(second.delivery.answers).toEqual(['working', 'ack']);
});

test('while one task waits, the worker fetches nothing and returns what it has', async () => {
  const provider = startWith(large + small);
  offer('large 1', 60 * mega);
  const second = offer('large 2', 60 * mega);
  const third = offer('small 1');
  await answered(third.delivery, 'nak 1000');
  await runs(provider, 'large 1');
  expect(second.delivery.answers).toEqual(['working']);
  const asked = world.queue.asked.length;
  const fourth = offer('small 2');
  provider.end('large 1');
  await runs(provider, 'large 2');
  expect(provider.seen.slice(0, 2)).toEqual(['large 1', 'large 2']);
  expect(asked).toBe(1);
  await runs(provider, 'small 2');
  provider.end('large 2');
  provider.end('small 2');
  await world.log.reached(second.task, 'succeeded');
  await world.log.reached(fourth.task, 'succeeded');
});

test('a task that lost its worker twice waits for the others, then runs alone', async () => {
  const provider = startWith(10 * small);
  offer('a');
  offer('b');
  await until(() => provider.running.size === 2, { what: '2 calls' });
  const suspect = offer('suspect', 0, 2);
  await answered(suspect.delivery, 'working');
  provider.end('a');
  await until(() => provider.running.size === 1, { what: '1 calls' });
  expect(provider.seen).not.toContain('suspect');
  world.worker.beat();
  const listed = world.heartbeats.beats.at(-1)!.tasks.find(({ job }) => job === suspect.task.of.job);
  expect(listed).toMatchObject({ claim: 0, phase: { phase: 'memory', alone: true } });
  provider.end('b');
  await runs(provider, 'suspect');
  const after = offer('c');
  expect([...provider.running]).toEqual(['suspect']);
  provider.end('suspect');
  await world.log.reached(suspect.task, 'succeeded');
  await runs(provider, 'c');
  provider.end('c');
  await world.log.reached(after.task, 'succeeded');
});

test('a task that is cancelled while it waits makes room at once, and its delivery is acknowledged', async () => {
  const provider = startWith(large + small);
  offer('large 1', 60 * mega);
  await until(() => provider.running.size === 1, { what: '1 calls' });
  const waiting = offer('large 2', 60 * mega);
  await answered(waiting.delivery, 'working');
  const entry = world.log.entryOf(waiting.task)!;
  world.log.append(cancelled(entry.state as OpenTask, Date.now()), { message: 'Cancelled' });
  await answered(waiting.delivery, 'ack');
  provider.end('large 1');
  const next = offer('small');
  await runs(provider, 'small');
  provider.end('small');
  await world.log.reached(next.task, 'succeeded');
  expect(provider.seen).toEqual(['large 1', 'small']);
});

test('a task whose model is out does not wait for memory, so that others go on', async () => {
  const ring = fakeKeyRings(systemClock()).ring({
    default: [{ secret: 'a', requestsPerMinute: Infinity, maxInFlight: Infinity }],
  });
  let out: Block | undefined;
  const provider = startWith(large + small, { keys: { ...ring, block: () => out } });
  offer('large 1', 60 * mega);
  await runs(provider, 'large 1');
  out = blockOf('ProviderOutage', { until: null });
  const blocked = offer('large 2', 60 * mega);
  await until(() => blocked.delivery.answers.length > 0, { what: 'the return of large 2' });
  expect(blocked.delivery.answers[0]).toMatch(/^nak 1\d\d\d$/);
  offer('small');
  await runs(provider, 'small');
  provider.end('small');
  out = undefined;
  const waiting = offer('large 3', 60 * mega);
  await answered(waiting.delivery, 'working');
  out = blockOf('ProviderOutage', { until: null });
  await answered(waiting.delivery, 'nak 1000');
  provider.end('large 1');
});

test('a drain returns the task that waits, and does not hang', async () => {
  const provider = startWith(large + small);
  offer('large 1', 60 * mega);
  await until(() => provider.running.size === 1, { what: '1 calls' });
  const waiting = offer('large 2', 60 * mega);
  await answered(waiting.delivery, 'working');
  const drained = world.worker.drain();
  await answered(waiting.delivery, 'nak 0');
  provider.end('large 1');
  await drained;
  expect(world.log.entryOf(waiting.task)!.state.state).toBe('queued');
});

test('a task that gets no key holds no memory, and neither does one that has ended', async () => {
  const ring = fakeKeyRings(systemClock()).ring({
    default: [{ secret: 'a', requestsPerMinute: Infinity, maxInFlight: Infinity }],
  });
  const refused = new Error('no answer');
  const reserve: typeof ring.reserve = (pool, call) =>
    call.task.startsWith(keyless) ? Promise.reject(refused) : ring.reserve(pool, call);
  let keyless = 'none';
  const provider = startWith(10 * small, { keys: { ...ring, reserve } });
  const first = offer('a');
  await runs(provider, 'a');
  keyless = '';
  const blocked = offer('b');
  await until(() => blocked.delivery.answers.length > 0, { what: 'the return of b' });
  world.worker.beat();
  expect(world.heartbeats.beats.at(-1)!.attemptMemory).toEqual({ used: small, limit: 10 * small });
  provider.end('a');
  await world.log.reached(first.task, 'succeeded');
  await until(() => world.worker.running() === 0, { what: 'an idle worker' });
  world.worker.beat();
  expect(world.heartbeats.beats.at(-1)!.attemptMemory).toEqual({ used: 0, limit: 10 * small });
});

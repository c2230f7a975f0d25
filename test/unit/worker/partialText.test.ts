// The text of a running attempt on its way to watchers: batches, requests for what was lost, and what starts the text anew.
import { afterEach, expect, test } from 'vitest';
import { AttemptFailed, taskError } from '../../../src/job/errors/index.ts';
import type { PartialText } from '../../../src/ports/partialTexts.ts';
import type { GenerateContext } from '../../../src/ports/provider.ts';
import { systemClock } from '../../fakes/clock.ts';
import { fakeKeyRings } from '../../fakes/keyRing.ts';
import { fakePartialTexts, type FakePartialTexts } from '../../fakes/partialTexts.ts';
import { made, type Generate } from '../../fakes/provider.ts';
import { startWorld, type World } from '../../fakes/workerWorld.ts';
import { until } from '../../support/until.ts';

let world: World;
afterEach(() => world.worker.drain());

/** A call that a test answers; one for each attempt. */
function writing(): { generate: Generate; calls: { context: GenerateContext; end: (error?: Error) => void }[] } {
  const calls: { context: GenerateContext; end: (error?: Error) => void }[] = [];
  const generate: Generate = (_request, context) => {
    const { promise, resolve, reject } = Promise.withResolvers<ReturnType<typeof made>>();
    context.signal.addEventListener('abort', () => reject(context.signal.reason as Error), { once: true });
    calls.push({ context, end: (error) => (error === undefined ? resolve(made()) : reject(error)) });
    return promise;
  };
  return { generate, calls };
}

/** What a watcher has of one call, by the offsets. */
function textOf(sent: readonly PartialText[], call = 1, claim = sent.at(-1)?.claim): string {
  const pieces = sent.filter((piece) => piece.call === call && piece.claim === claim);
  return pieces.reduce((text, piece) => text.slice(0, piece.offset) + piece.text, '');
}

function start(texts: FakePartialTexts) {
  const { generate, calls } = writing();
  world = startWorld(generate, { texts });
  return calls;
}

test('the first piece is sent immediately, later ones in batches, and the rest with the answer', async () => {
  const texts = fakePartialTexts();
  const calls = start(texts);
  const { task } = world.submit();
  await until(() => calls.length === 1, { what: 'the call' });
  const { context, end } = calls[0]!;
  context.onText!('Once');
  expect(texts.sent).toHaveLength(1);
  context.onText!(' upon');
  context.onText!(' a');
  expect(texts.sent).toHaveLength(1);
  await until(() => texts.sent.length === 2, { what: 'the batch' });
  context.onText!(' time');
  end();
  const { state } = await world.log.reached(task, 'succeeded');
  expect(texts.sent.map(({ offset, text }) => [offset, text])).toEqual([
    [0, 'Once'],
    [4, ' upon a'],
    [11, ' time'],
  ]);
  const running = world.log.entries.find((entry) => entry.state.state === 'running')!;
  const { of, run } = state;
  expect(texts.sent[0]).toMatchObject({ worker: 'worker-1', pool: 'default', job: of.job, task: 0, run, attempt: 1 });
  expect(texts.sent[0]!.claim).toBe(running.sequence);
  context.onText!('too late');
  texts.ask(of.job, {});
  expect(texts.sent).toHaveLength(3);
});

test('a watcher that asks gets the text again, from the start or from where it has it, once a second', async () => {
  const texts = fakePartialTexts();
  const calls = start(texts);
  const { task } = world.submit();
  await until(() => calls.length === 1, { what: 'the call' });
  calls[0]!.context.onText!('0123456789');
  texts.ask(task.of.job, { task: 7 });
  texts.ask(task.of.job, { task: 0, from: 6 });
  await until(() => texts.sent.length === 2, { what: 'the rest' });
  expect(texts.sent[1]).toMatchObject({ offset: 6, text: '6789' });
  texts.ask(task.of.job, {});
  texts.ask(task.of.job, {});
  await until(() => texts.sent.length === 3, { what: 'the whole text' });
  expect(texts.sent[2]).toMatchObject({ offset: 0, text: '0123456789' });
  calls[0]!.end();
  await world.log.reached(task, 'succeeded');
  expect(texts.sent).toHaveLength(3);
});

test('a repair and a call with another key start the text anew', async () => {
  const texts = fakePartialTexts();
  const { generate, calls } = writing();
  const keys = ['one', 'two'].map((secret) => ({ secret, requestsPerMinute: Infinity, maxInFlight: Infinity }));
  world = startWorld(generate, { texts, keys: fakeKeyRings(systemClock()).ring({ default: keys }) });
  const { task } = world.submit();
  await until(() => calls.length === 1, { what: 'the call' });
  const { context, end } = calls[0]!;
  context.onText!('{"a": tru');
  expect(await context.anotherCall()).toBe(true);
  context.onText!('{"a": true}');
  await until(() => texts.sent.length === 2, { what: 'the text of the repair' });
  end(new AttemptFailed(taskError('KeyRefused', 'the key was revoked')));
  await until(() => calls.length === 2, { what: 'the call with the other key' });
  calls[1]!.context.onText!('{"a": 1}');
  calls[1]!.end();
  await world.log.reached(task, 'succeeded');
  expect([1, 2, 3].map((call) => textOf(texts.sent, call))).toEqual(['{"a": tru', '{"a": true}', '{"a": 1}']);
});

test('a long piece is split between characters, and text beyond the limit is not sent', async () => {
  const texts = fakePartialTexts();
  const calls = start(texts);
  const { task } = world.submit();
  await until(() => calls.length === 1, { what: 'the call' });
  const { context, end } = calls[0]!;
  const text = `a${'🌱'.repeat(40_000)}`;
  context.onText!(text);
  expect(texts.sent.map((piece) => piece.text.length)).toEqual([32_767, 32_768, 14_466]);
  for (const piece of texts.sent) expect(piece.text.isWellFormed()).toBe(true);
  expect(textOf(texts.sent)).toBe(text);
  context.onText!('\ud83c');
  context.onText!('b'.repeat(2_000_000));
  end();
  await world.log.reached(task, 'succeeded');
  expect(textOf(texts.sent)).toHaveLength(1_048_576);
});

test('half a character waits for its other half', async () => {
  const texts = fakePartialTexts();
  const calls = start(texts);
  world.submit();
  await until(() => calls.length === 1, { what: 'the call' });
  calls[0]!.context.onText!('a\ud83c');
  calls[0]!.context.onText!('\udf31');
  await until(() => texts.sent.length === 2, { what: 'the character' });
  expect(texts.sent.map(({ text }) => text)).toEqual(['a', '🌱']);
});

test('what could not be sent while NATS was away follows, at its offset', async () => {
  const texts = fakePartialTexts();
  const calls = start(texts);
  world.submit();
  await until(() => calls.length === 1, { what: 'the call' });
  texts.disconnected = true;
  calls[0]!.context.onText!('while NATS ');
  expect(texts.sent).toEqual([]);
  texts.disconnected = false;
  calls[0]!.context.onText!('was away');
  await until(() => texts.sent.length > 0, { what: 'the text' });
  expect(texts.sent[0]).toMatchObject({ offset: 0, text: 'while NATS was away' });
});

test('a cancelled attempt sends nothing more, whatever the provider still writes', async () => {
  const texts = fakePartialTexts();
  const calls = start(texts);
  const { task } = world.submit();
  await until(() => calls.length === 1, { what: 'the call' });
  const { context } = calls[0]!;
  context.onText!('one');
  const running = world.log.entries.find(({ state }) => state.state === 'running')!;
  world.heartbeats.sendCancellation('worker-1', { job: task.of.job, task: 0, claim: running.sequence, reason: 'No' });
  await until(() => context.signal.aborted, { what: 'the abort' });
  context.onText!('two');
  texts.ask(task.of.job, {});
  await until(() => world.worker.running() === 0, { what: 'the end of the attempt' });
  expect(texts.sent).toHaveLength(1);
});

test('images have no text, and a worker without watchers passes no listener', async () => {
  const texts = fakePartialTexts();
  const calls = start(texts);
  world.submit({ of: { kind: 'image' } });
  await until(() => calls.length === 1, { what: 'the call' });
  expect(calls[0]!.context.onText).toBeUndefined();
});

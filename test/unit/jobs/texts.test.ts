// What one event feed collects of the text of running tasks: in order, without gaps or repetitions, and bounded.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { collectTexts, type TextOptions } from '../../../src/jobs/events/texts.ts';
import { monotonicFrom } from '../../../src/job/time.ts';
import type { PartialText } from '../../../src/ports/partialTexts.ts';
import { claimed, submitted } from '../../../src/job/transitions.ts';
import { fakePartialTexts } from '../../fakes/partialTexts.ts';
import { freshJobId, identity } from '../../fakes/tasks.ts';

const job = freshJobId();
const running = claimed(submitted(identity({ job, kind: 'text' })), 'w-1', 1, 0);

const piece = (offset: number, text: string, over: Partial<PartialText> = {}): PartialText => ({
  worker: 'w-1',
  pool: 'default',
  job,
  task: 0,
  run: 1,
  attempt: 1,
  claim: 5,
  call: 1,
  offset,
  text,
  progress: 0.5,
  ...over,
});

function collecting(over: Partial<TextOptions> = {}) {
  const texts = fakePartialTexts();
  const clock = { now: 0 };
  let woken = 0;
  const wake = (): void => void (woken += 1);
  const collected = collectTexts({ texts, job, wake, now: () => monotonicFrom(clock.now), ...over });
  collected.note([running]);
  const shown = (): [number, string][] => collected.take().map(({ offset, text }) => [offset, text]);
  return { texts, clock, collected, shown, woken: () => woken };
}

test('text is watched from the first open text task on, and once; a late client asks for the text so far', () => {
  const texts = fakePartialTexts();
  const collected = collectTexts({ texts, job, wake: () => undefined, now: () => monotonicFrom(0) });
  const image = claimed(submitted(identity({ job, kind: 'image' })), 'w-1', 1, 0);
  collected.note([image]);
  expect(texts.watched()).toEqual([]);
  collected.note([image, running]);
  collected.note([running]);
  expect(texts.watched()).toEqual([job]);
  expect(texts.asked).toEqual([{ job }]);
  collected.stop();
  expect(texts.watched()).toEqual([]);
});

test('pieces are joined until they are taken; what came twice is dropped', () => {
  const { texts, shown, woken } = collecting();
  texts.send(piece(0, 'Once'));
  texts.send(piece(0, 'Once'));
  texts.send(piece(2, 'ce upon'));
  expect(woken()).toBe(2);
  expect(shown()).toEqual([[0, 'Once upon']]);
  expect(shown()).toEqual([]);
  texts.send(piece(9, ' a time'));
  expect(shown()).toEqual([[9, ' a time']]);
});

test('a gap is asked for once a second, and what follows it waits for the answer', () => {
  const { texts, shown, clock } = collecting();
  texts.send(piece(0, 'ab'));
  texts.send(piece(4, 'ef'));
  texts.send(piece(6, 'gh'));
  expect(texts.asked.slice(1)).toEqual([{ job, task: 0, from: 2 }]);
  expect(shown()).toEqual([[0, 'ab']]);
  clock.now = 1_000;
  texts.send(piece(8, 'ij'));
  expect(texts.asked.slice(2)).toEqual([{ job, task: 0, from: 2 }]);
  texts.send(piece(2, 'cdefghij'));
  expect(shown()).toEqual([[2, 'cdefghij']]);
});

test('another call and another attempt start anew at offset 0; an attempt that is over says nothing more', () => {
  const { texts, shown } = collecting();
  texts.send(piece(0, 'first'));
  texts.send(piece(0, 'again', { call: 2 }));
  texts.send(piece(5, ' late'));
  expect(shown()).toEqual([[0, 'again']]);
  // An attempt that lost its worker has the same number.
  texts.send(piece(0, 'second', { claim: 9 }));
  texts.send(piece(5, ' later', { call: 2 }));
  texts.send(piece(0, 'other task', { task: 1, claim: 4 }));
  expect(shown()).toEqual([
    [0, 'second'],
    [0, 'other task'],
  ]);
});

test('a reader who takes nothing costs a bounded amount, and gets the rest later', () => {
  const { texts, collected, shown, clock } = collecting({ mostPending: 10 });
  const whole = 'abcdefghijklmnopqrstuvwxyz';
  texts.onAsked(job, ({ from = 0 }) => void texts.send(piece(from, whole.slice(from))));
  for (let at = 0; at < whole.length; at += 1) texts.send(piece(at, whole[at]!));
  texts.send(piece(0, 'another', { task: 1 }));
  let text = '';
  for (let second = 1; second <= 4; second += 1) {
    clock.now = second * 1_000;
    const taken = collected.take();
    expect(taken.reduce((sum, one) => sum + one.text.length, 0)).toBeLessThanOrEqual(10);
    for (const one of taken) if (one.task === 0) text = text.slice(0, one.offset) + one.text;
  }
  expect(text).toBe(whole);
  expect(shown()).toEqual([]);
});

test('after the stream was replaced, the sequences of claims begin again', () => {
  const { texts, collected, shown } = collecting();
  texts.send(piece(0, 'old', { claim: 900 }));
  collected.forget();
  texts.send(piece(0, 'new', { claim: 3 }));
  expect(shown()).toEqual([[0, 'new']]);
});

test('whatever is lost, late or repeated: what is shown is a beginning of the text, without gaps', () => {
  const text = 'The quick brown fox jumps over the lazy dog 🌱';
  const range = fc.tuple(fc.nat(text.length - 1), fc.integer({ min: 1, max: 12 }));
  fc.assert(
    fc.property(fc.array(fc.oneof(range, fc.constant('take' as const)), { maxLength: 60 }), (steps) => {
      const { texts, collected } = collecting({ mostPending: 16 });
      let shown = '';
      for (const step of [...steps, 'take' as const]) {
        if (step !== 'take') texts.send(piece(step[0], text.slice(step[0], step[0] + step[1])));
        else
          for (const one of collected.take()) {
            expect(one.offset).toBe(shown.length);
            shown += one.text;
          }
      }
      expect(text.startsWith(shown)).toBe(true);
    }),
  );
});

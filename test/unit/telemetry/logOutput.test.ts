import { expect, it } from 'vitest';
import { droppingOutput } from '../../../src/telemetry/logOutput.ts';

/** A disk with room for `room` bytes. */
function disk(room: number) {
  const state = { room, text: '' };
  const write = (text: string): number => {
    if (state.room === 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    const part = text.slice(0, state.room);
    state.text += part;
    state.room -= part.length;
    return part.length;
  };
  return { state, out: droppingOutput(write, (dropped) => `(${dropped} dropped)\n`) };
}

it('drops the lines that a full disk does not take, and counts them once there is room', () => {
  const { state, out } = disk(6);
  for (const line of ['one\n', 'two\n', 'three\n']) out(line);
  state.room = 1_000;
  out('four\n');
  out('five\n');
  // The second line was written in part.
  expect(state.text).toBe('one\ntw\n(2 dropped)\nfour\nfive\n');
});

it('keeps counting while even the line about the dropped lines does not fit', () => {
  const { state, out } = disk(0);
  out('one\n');
  state.room = 5;
  out('two\n');
  state.room = 1_000;
  out('three\n');
  expect(state.text).toBe('(1 dr\n(2 dropped)\nthree\n');
});

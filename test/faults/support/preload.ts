// Loaded into a Genwarden process before all other code (`node --import`): faults inside a process. A variable enables each;
// SIGUSR2 triggers those that wait.

import { writeSync } from 'node:fs';

const { FAULT_CLOCK, FAULT_CLOCK_JUMP, FAULT_BLOCK, FAULT_IGNORE_ABORT, FAULT_HOARD } = process.env;

if (FAULT_CLOCK !== undefined || FAULT_CLOCK_JUMP !== undefined) shiftClock();
if (FAULT_BLOCK !== undefined) onSignal(() => block(Number(FAULT_BLOCK)));
if (FAULT_IGNORE_ABORT !== undefined) ignoreAborts();
if (FAULT_HOARD !== undefined) hoardAt(FAULT_HOARD);

function onSignal(action: () => void): void {
  process.on('SIGUSR2', action);
}

/** The wall clock is wrong by FAULT_CLOCK ms from the start, and jumps by FAULT_CLOCK_JUMP ms more at each signal. */
function shiftClock(): void {
  const TrueDate = Date;
  let shift = Number(FAULT_CLOCK ?? 0);
  const now = (): number => TrueDate.now() + shift;
  globalThis.Date = new Proxy(TrueDate, {
    construct: (target, args: unknown[], self) => Reflect.construct(target, args.length === 0 ? [now()] : args, self),
    apply: () => new TrueDate(now()).toString(),
    get: (target, name) => (name === 'now' ? now : (Reflect.get(target, name) as unknown)),
  });
  onSignal(() => (shift += Number(FAULT_CLOCK_JUMP ?? 0)));
}

/** Holds the event loop for so many ms. */
function block(ms: number): void {
  // Written synchronously: output that waits for the event loop would not appear.
  writeSync(2, 'fault: the event loop is blocked\n');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** HTTP calls ignore their abort, as those of a library without support for signals. */
function ignoreAborts(): void {
  const fetch = globalThis.fetch;
  globalThis.fetch = (input, init) => fetch(input, { ...init, signal: null });
}

/** A call whose body contains the word uses up all memory. */
function hoardAt(word: string): void {
  const fetch = globalThis.fetch;
  const hoard: number[][] = [];
  globalThis.fetch = (input, init) => {
    if (typeof init?.body !== 'string' || !init.body.includes(word)) return fetch(input, init);
    for (;;) hoard.push(Array.from({ length: 10_000 }, (_, index) => index + hoard.length));
  };
}

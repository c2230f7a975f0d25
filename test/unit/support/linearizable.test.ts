// The checker of histories: says yes to what some order explains, and no to the rest.
import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { isLinearizable, offendingPart, type Model, type Operation } from '../../faults/support/linearizable.ts';

/** A register with a counter: `add` answers with the sum after it. */
type Input = { add: number } | 'read';
const counter: Model<number, Input, number> = {
  initial: 0,
  step: (sum, input, output) => {
    const next = input === 'read' ? sum : sum + input.add;
    return output === undefined || output === next ? next : undefined;
  },
};

/** Answered between the two moments. */
function op(client: string, input: Input, calledAt: number, at: number, output: number): Operation<Input, number> {
  return { client, input, calledAt, answer: { at, output } };
}
const unanswered = (client: string, input: Input, calledAt: number): Operation<Input, number> => ({
  client,
  input,
  calledAt,
});
const isFine = (...history: Operation<Input, number>[]): boolean => isLinearizable(history, counter);

describe('one after the other', () => {
  test('nothing at all, and what the model does', () => {
    expect(isFine()).toBe(true);
    expect(isFine(op('a', { add: 1 }, 0, 1, 1), op('b', 'read', 2, 3, 1), op('a', { add: 2 }, 4, 5, 3))).toBe(true);
  });

  test('a stale read is none', () => {
    expect(isFine(op('a', { add: 1 }, 0, 1, 1), op('b', 'read', 2, 3, 0))).toBe(false);
  });

  test('nor is a write that was acknowledged and lost', () => {
    expect(isFine(op('a', { add: 1 }, 0, 1, 1), op('b', { add: 1 }, 2, 3, 1))).toBe(false);
  });

  test('nor one that took effect twice', () => {
    expect(isFine(op('a', { add: 1 }, 0, 1, 1), op('b', 'read', 2, 3, 2))).toBe(false);
  });
});

describe('at the same time', () => {
  test('either order will do', () => {
    const adds = [op('a', { add: 1 }, 0, 10, 3), op('b', { add: 2 }, 1, 9, 2)];
    expect(isFine(...adds)).toBe(true);
    expect(isFine(...adds, op('c', 'read', 2, 8, 2), op('d', 'read', 2, 8, 0))).toBe(true);
  });

  test('but one order for all', () => {
    const adds = [op('a', { add: 1 }, 0, 10, 3), op('b', { add: 2 }, 0, 10, 3)];
    expect(isFine(...adds)).toBe(false);
    const reads = [op('c', 'read', 1, 2, 1), op('c', 'read', 3, 4, 0)];
    expect(isFine(op('a', { add: 1 }, 0, 10, 1), ...reads)).toBe(false);
  });

  test('a call at the moment of a return overlaps it', () => {
    expect(isFine(op('a', { add: 1 }, 0, 5, 1), op('b', 'read', 5, 6, 0))).toBe(true);
  });
});

describe('without an answer', () => {
  test('it may take effect, at once or later, or never', () => {
    const lost = unanswered('a', { add: 1 }, 0);
    expect(isFine(lost)).toBe(true);
    expect(isFine(lost, op('b', 'read', 2, 3, 0))).toBe(true);
    expect(isFine(lost, op('b', 'read', 2, 3, 1))).toBe(true);
    expect(isFine(lost, op('b', 'read', 2, 3, 0), op('b', 'read', 4, 5, 1))).toBe(true);
  });

  test('it takes effect once, stays, and never before its call', () => {
    const lost = unanswered('a', { add: 1 }, 10);
    expect(isFine(lost, op('b', 'read', 12, 13, 2))).toBe(false);
    expect(isFine(lost, op('b', 'read', 12, 13, 1), op('b', 'read', 14, 15, 0))).toBe(false);
    expect(isFine(lost, op('b', 'read', 2, 3, 1))).toBe(false);
  });

  test('many of them are no burden', () => {
    const lost = Array.from({ length: 200 }, (_, at) => unanswered('a', { add: 1 }, at));
    expect(isFine(...lost, op('b', 'read', 300, 301, 150))).toBe(true);
    expect(isFine(...lost, op('b', 'read', 300, 301, 201))).toBe(false);
    expect(isFine(...lost, op('b', 'read', 99.5, 99.7, 101))).toBe(false);
  });
});

test('every history made in some order passes, and none with one answer that is off', () => {
  fc.assert(
    fc.property(fc.array(overlapping, { minLength: 1, maxLength: 12 }), fc.nat(), (made, pick) => {
      const history = happened(made);
      expect(isLinearizable(history, counter)).toBe(true);
      const answered = history.filter(({ answer }) => answer !== undefined);
      const off = answered[pick % Math.max(1, answered.length)];
      // More than all additions together.
      const broken = history.map((one) => (one === off ? { ...one, answer: { ...one.answer!, output: 1_000 } } : one));
      if (off !== undefined) expect(isLinearizable(broken, counter)).toBe(false);
    }),
    { seed: 4, numRuns: 300 },
  );
});

const overlapping = fc.record({
  input: fc.oneof(fc.constant('read' as const), fc.record({ add: fc.integer({ min: 1, max: 3 }) })),
  before: fc.nat(4),
  after: fc.nat(4),
  isAnswered: fc.boolean(),
});

/** The n-th takes effect at the moment n, is called some time before and answered some time after, or not at all. */
function happened(made: { input: Input; before: number; after: number; isAnswered: boolean }[]) {
  let sum = 0;
  return made.map(({ input, before, after, isAnswered }, at): Operation<Input, number> => {
    if (input !== 'read') sum += input.add;
    const lone = unanswered(`${at}`, input, at - before);
    return isAnswered ? { ...lone, answer: { at: at + after, output: sum } } : lone;
  });
}

test('the offending part ends with the answer that nothing explains, without reads that do not matter', () => {
  const writes = [op('a', { add: 1 }, 0, 1, 1), op('a', { add: 1 }, 4, 20, 2)];
  const stale = op('c', 'read', 8, 9, 0);
  const history = [...writes, op('b', 'read', 2, 3, 1), op('b', 'read', 5, 6, 1), stale, op('b', 'read', 30, 31, 2)];
  const part = offendingPart(history, counter, ({ input }) => input === 'read');
  expect(part).toEqual([writes[0], unanswered('a', { add: 1 }, 4), stale]);
});

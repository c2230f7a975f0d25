// The search finds every deliberate bug, through the intended check, and reports how it happens.
import { expect, test } from 'vitest';
import { chainMutants } from './chainMutants.ts';
import { product } from './engine.ts';
import { explore } from './explore.ts';
import { mutants } from './mutants.ts';
import { outageMutants } from './outageMutants.ts';
import { describe as inWords } from './report.ts';

test.each([...mutants, ...outageMutants, ...chainMutants])(
  '$what: caught',
  { timeout: 120_000 },
  ({ what, engine, scenario, caughtBy }) => {
    const result = explore(scenario, { ...product, ...engine });
    console.info(
      `${what}: ${result.violation?.check} after ${result.states} states, ${result.violation?.trace.length} moves`,
    );
    if (result.violation?.check !== caughtBy) console.error(inWords(what, result));
    expect(result.violation?.check).toBe(caughtBy);
  },
);

test('a counterexample is the shortest path, move by move', () => {
  const mutant = mutants.find(({ what }) => what === 'a worker that acknowledges before it claims')!;
  const result = explore(mutant.scenario, { ...product, ...mutant.engine });
  expect(result.violation).toEqual({
    check: 'the queue keeps what is queued',
    message: 'the spec of task 0 was acknowledged, unclaimed',
    trace: ['worker-1 is delivered spec #1 of task 0 and sends its claim'],
  });
  expect(inWords(mutant.what, result)).toContain('BROKEN: the queue keeps what is queued');
});

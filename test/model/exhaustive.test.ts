// Every state that a small installation can get into: no promise breaks, and every open task ends.
import { describe, expect, test } from 'vitest';
import { explore, type Exploration } from './explore.ts';
import { scenariosFrom } from './main.ts';
import { describe as inWords } from './report.ts';
import { scenarios, type Scenario } from './scenario.ts';

const patience = 240_000;

const explored = new Map<string, Exploration>();

/** Each scenario is explored once for all tests. */
function exploredOnce(scenario: Scenario): Exploration {
  const result = explored.get(scenario.name) ?? explore(scenario);
  explored.set(scenario.name, result);
  return result;
}

describe('every order of events', () => {
  test.each(Object.values(scenarios))('$name', { timeout: patience }, (scenario) => {
    const result = exploredOnce(scenario);
    console.info(inWords(scenario.name, result));
    expect(result.violation).toBeUndefined();
    expect(result.states).toBeGreaterThan(10_000);
    expect(result.tasks.keys().toArray()).toEqual(
      expect.arrayContaining(['queued', 'running', 'waiting', 'succeeded', 'failed']),
    );
  });

  test('all that can happen does', { timeout: patience }, () => {
    const { moves, tasks } = exploredOnce(scenarios.review);
    expect(moves.keys().toArray()).toEqual(expect.arrayContaining(expectedMoves));
    expect(tasks.keys().toArray().sort()).toEqual(allStates);
  });

  test('outages move and fail tasks', { timeout: patience }, () => {
    const moves = [scenarios.fallback, scenarios.impatient].flatMap((one) => [...exploredOnce(one).moves.keys()]);
    expect(moves).toEqual(
      expect.arrayContaining(['outage begins', 'outage ends', 'verdict FallBack', 'verdict TargetBlocked']),
    );
  });

  test('the short cuts hide no state of a task', { timeout: patience }, () => {
    const inFull = exploredOnce(scenarios.stale);
    const reduced = explore({ ...scenarios.stale, reduced: true });
    expect(reduced.states).toBeLessThan(inFull.states);
    expect(reduced.endings).toBe(inFull.endings);
  });
});

const allStates = ['cancelled', 'failed', 'needs_review', 'queued', 'running', 'succeeded', 'waiting'];

const expectedMoves = [
  'tick',
  'delivery',
  'write stored',
  'write refused',
  'write delayed',
  'answer delayed',
  'answer lost',
  'ack lost',
  'late write',
  'attempt ends',
  'cancellation',
  'worker crash',
  'worker silent',
  'worker heard again',
  'observation',
  'controller crash',
  'queue forgets',
  'request',
  'verdict QueueTimeout',
  'verdict ReviewTimeout',
  'verdict RunTimeout',
  'verdict AttemptTimeout',
  'verdict WorkerLost',
  'verdict TaskOrphaned',
  'verdict RetryDue',
  'verdict MessageLost',
];

test('the search stops at its bound rather than fill the memory', () => {
  expect(() => explore(scenarios.one, undefined, 100)).toThrow('more than 100 states');
});

test('the command line chooses scenarios and bounds', () => {
  expect(scenariosFrom([])).toEqual(Object.values(scenarios));
  expect(scenariosFrom(['--scenario', 'review'])).toEqual([scenarios.review]);
  expect(scenariosFrom(['--tasks', '2', '--controllers', '2'])).toEqual([
    { ...scenarios.one, name: 'one task, tasks 2, controllers 2', tasks: 2, controllers: 2 },
  ]);
  expect(() => scenariosFrom(['--scenario', 'none'])).toThrow('There is no scenario none');
  expect(() => scenariosFrom(['--faults', 'many'])).toThrow('--faults takes a whole number');
});

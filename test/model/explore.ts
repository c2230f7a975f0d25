// The search: breadth first over every state that any order of moves leads to. It ends at the first violation, with the
// shortest path to it.
import { isOpen } from '../../src/job/task.ts';
import { brokenByMessage, brokenByState, type Broken } from './checks.ts';
import { controllerSteps } from './controllerSteps.ts';
import { Endings } from './endings.ts';
import { product, type Engine } from './engine.ts';
import { keyOf } from './key.ts';
import { otherSteps } from './otherSteps.ts';
import { Numbers, reaching } from './reach.ts';
import { reduced } from './reduce.ts';
import type { Scenario } from './scenario.ts';
import { initialState, type ModelState } from './state.ts';
import type { Step } from './step.ts';
import { workerSteps } from './workerSteps.ts';

export interface Exploration {
  readonly states: number;
  readonly transitions: number;
  /** The moves of the longest shortest way to a state. */
  readonly depth: number;
  /** How often each kind of move was taken. */
  readonly moves: ReadonlyMap<string, number>;
  /** How many states have a task in each state. */
  readonly tasks: ReadonlyMap<string, number>;
  /** Different states of a task from which its end was followed. */
  readonly endings: number;
  readonly violation: Violation | undefined;
}

export interface Violation extends Broken {
  /** What happened, move by move. */
  readonly trace: readonly string[];
}

export function explore(scenario: Scenario, engine: Engine = product, mostStates = Infinity): Exploration {
  return new Search(scenario, engine, mostStates).run();
}

function stepsFrom(state: ModelState, scenario: Scenario, engine: Engine): Step[] {
  const steps = [
    ...workerSteps(state, scenario, engine),
    ...controllerSteps(state, engine),
    ...otherSteps(state, engine),
  ];
  const slim = scenario.reduced ? reduced : withoutOldGhosts;
  return steps.map((step) => ({ ...step, next: slim(step.next, engine) }));
}

/** A late write over an older message will be refused, so it no longer counts. */
function withoutOldGhosts(state: ModelState, engine: Engine): ModelState {
  const ghosts = state.ghosts.filter((write) => engine.takes(write, state.tasks[write.task]!.last));
  return ghosts.length === state.ghosts.length ? state : { ...state, ghosts };
}

class Search {
  readonly #scenario: Scenario;
  readonly #engine: Engine;
  readonly #mostStates: number;
  readonly #ids = new Map<string, number>();
  /** By state: the previous state on a shortest path, and the move from there. */
  readonly #parents = new Numbers();
  readonly #ordinals = new Numbers();
  /** Moves that need neither a fault nor a request, as pairs of states. */
  readonly #calm = new Numbers();
  readonly #ended: number[] = [];
  readonly #moves = new Map<string, number>();
  readonly #tasks = new Map<string, number>();
  readonly #endings: Endings;
  #transitions = 0;
  #depth = 0;

  constructor(scenario: Scenario, engine: Engine, mostStates: number) {
    this.#scenario = scenario;
    this.#engine = engine;
    this.#mostStates = mostStates;
    this.#endings = new Endings(engine);
  }

  run(): Exploration {
    const first = initialState(this.#scenario);
    this.#number(first, -1, 0);
    let level: [number, ModelState][] = [[0, first]];
    let violation = this.#check(first, 0);
    while (level.length > 0 && violation === undefined) {
      const deeper: [number, ModelState][] = [];
      for (const [id, state] of level) {
        violation = this.#expand(id, state, deeper);
        if (violation !== undefined) break;
      }
      level = deeper;
      if (deeper.length > 0) this.#depth += 1;
    }
    return this.#result(violation ?? this.#deadEnd());
  }

  /** Takes every move out of a state; new states are added to `deeper`. */
  #expand(id: number, state: ModelState, deeper: [number, ModelState][]): Violation | undefined {
    for (const [ordinal, step] of stepsFrom(state, this.#scenario, this.#engine).entries()) {
      this.#transitions += 1;
      count(this.#moves, step.kind);
      const broken = step.appended === undefined ? undefined : brokenByMessage(step.appended, step.next);
      if (broken !== undefined) return { ...broken, trace: [...this.#traceTo(id), step.text()] };
      const { number, isNew } = this.#number(step.next, id, ordinal);
      if (step.cause === 'calm' && number !== id) this.#calm.push(id, number);
      if (!isNew) continue;
      const violation = this.#check(step.next, number);
      if (violation !== undefined) return violation;
      deeper.push([number, step.next]);
    }
    return undefined;
  }

  #number(state: ModelState, parent: number, ordinal: number): { number: number; isNew: boolean } {
    const key = keyOf(state);
    const known = this.#ids.get(key);
    if (known !== undefined) return { number: known, isNew: false };
    const number = this.#ids.size;
    if (number >= this.#mostStates)
      throw new RangeError(`${this.#scenario.name}: more than ${this.#mostStates} states`);
    this.#ids.set(key, number);
    this.#parents.push(parent);
    this.#ordinals.push(ordinal);
    return { number, isNew: true };
  }

  /** Checks a state that was not seen before. */
  #check(state: ModelState, id: number): Violation | undefined {
    let broken = brokenByState(state);
    for (const { last, queue } of state.tasks) {
      count(this.#tasks, last.state.state);
      const forgot = queue.some(({ spec, lost }) => lost && spec.sequence === last.sequence);
      broken ??= this.#endings.violatedBy(last.state, forgot, state.now);
    }
    if (state.tasks.every(({ last }) => !isOpen(last.state))) this.#ended.push(id);
    return broken === undefined ? undefined : { ...broken, trace: this.#traceTo(id) };
  }

  /** A state from which no end can be reached without a fault or a request. */
  #deadEnd(): Violation | undefined {
    const reached = reaching(this.#ended, this.#calm, this.#ids.size);
    const dead = reached.indexOf(0);
    if (dead < 0) return undefined;
    return {
      check: 'an end can be reached from every state',
      message: 'none can from here',
      trace: this.#traceTo(dead),
    };
  }

  /** The path from the start, reconstructed by taking its moves again. */
  #traceTo(id: number): string[] {
    const ordinals: number[] = [];
    for (let at = id; at > 0; at = this.#parents.at(at)) ordinals.push(this.#ordinals.at(at));
    let state = initialState(this.#scenario);
    return ordinals.reverse().map((ordinal) => {
      const step = stepsFrom(state, this.#scenario, this.#engine)[ordinal]!;
      state = step.next;
      return step.text();
    });
  }

  #result(violation: Violation | undefined): Exploration {
    return {
      states: this.#ids.size,
      transitions: this.#transitions,
      depth: this.#depth,
      moves: this.#moves,
      tasks: this.#tasks,
      endings: this.#endings.checked,
      violation,
    };
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

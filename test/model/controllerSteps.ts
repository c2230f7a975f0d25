// The steps of controllers: observe, now or late; decide on what they have observed, however old; write on that condition.
import { decide } from '../../src/job/rules/decide.ts';
import type { ObservedWorker, World } from '../../src/job/rules/rule.ts';
import { mustReadAll } from '../../src/job/chains/parents.ts';
import { isHeld, isOpen, type Held, type OpenTask, type TaskState } from '../../src/job/task.ts';
import type { LogEntry } from '../../src/ports/jobLog.ts';
import { blockOf } from '../fakes/blocks.ts';
import type { Engine } from './engine.ts';
import { fatesOf, nameOf, withFault, withGhost, type Sender, type Step } from './step.ts';
import { at, freshController, sent, type ControllerState, type ModelState, type Write } from './state.ts';

export const heartbeatTimeout = 6_000;

export function controllerSteps(state: ModelState, engine: Engine): Step[] {
  return state.controllers.flatMap((controller, index) => {
    const steps = state.tasks.flatMap((_, task) => taskSteps(state, index, controller, task, engine));
    const isNew = controller.views.every((view) => view === undefined);
    if (state.left.faults > 0 && !isNew) steps.push(crash(state, index, controller));
    return steps;
  });
}

function taskSteps(
  state: ModelState,
  index: number,
  controller: ControllerState,
  task: number,
  engine: Engine,
): Step[] {
  const write = controller.writes[task];
  if (write !== undefined) return fatesOf(state, sender(index, task, write), engine);
  const view = controller.views[task];
  const steps = view === state.tasks[task]!.last ? [] : [observe(state, index, task)];
  return view === undefined ? steps : [...steps, ...judgements(state, index, task, view, engine)];
}

function observe(state: ModelState, index: number, task: number): Step {
  const { last } = state.tasks[task]!;
  return {
    kind: 'observation',
    cause: 'calm',
    text: () => `${nameOfController(index)} sees #${last.sequence} ${nameOf(last)} of task ${task}`,
    next: withView(state, index, task, last, undefined),
  };
}

/** Every verdict that follows from a possible belief about the worker. */
function judgements(state: ModelState, index: number, task: number, view: LogEntry, engine: Engine): Step[] {
  const { state: seen } = view;
  if (!isOpen(seen)) return [];
  const messageMissing = seen.state === 'queued' && isForgotten(state, task, view);
  const parents = isHeld(seen) ? parentsOf(seen, index, state, engine) : [];
  const steps: Step[] = [];
  for (const { belief, worker, out } of beliefs(state, task, seen)) {
    for (const random of seen.state === 'running' && worker === alive ? [0, 0.999] : [0]) {
      const verdict = decide(
        { task: seen, seenFor: heartbeatTimeout, messageMissing, parents },
        worldOf(worker, blocksOf(seen, out)),
        state.now,
        random,
        engine.rules,
      );
      if (verdict.do === 'nothing') continue;
      const by = nameOfController(index);
      const write = sent({ task, by, state: verdict.state, expected: view.sequence });
      steps.push({
        kind: `verdict ${verdict.rule}`,
        cause: 'calm',
        text: () =>
          `${by} judges task ${task}${belief}: ${verdict.rule}; it sends ${nameOf(write)} over #${view.sequence}`,
        next: withView(state, index, task, view, write),
      });
    }
  }
  return steps;
}

/** What the controller knows of the tasks that a held one waits for, after it has read what it must. */
function parentsOf({ of, dueAt }: Held, index: number, state: ModelState, engine: Engine): (TaskState | undefined)[] {
  const { views } = state.controllers[index]!;
  const after = of.after ?? [];
  const current = (task: number): TaskState => state.tasks[task]!.last.state;
  const readsAll = mustReadAll(
    { dueAt },
    after.map((task) => views[task]?.state),
    state.now,
  );
  return after.map((task) => {
    const known = readsAll ? current(task) : views[task]?.state;
    return engine.mustConfirm(known) ? current(task) : known;
  });
}

/** The spec was acknowledged, or the queue lost it. */
function isForgotten(state: ModelState, task: number, { sequence }: LogEntry): boolean {
  return !state.tasks[task]!.queue.some(({ spec, lost }) => spec.sequence === sequence && !lost);
}

interface Belief {
  readonly belief: string;
  readonly worker: ObservedWorker;
  /** The targets that it believes to be out. */
  readonly out: readonly boolean[];
}

export const alive: ObservedWorker = { silentFor: 0, connectionLost: false, beat: 1, beatsWithout: () => 0 };
export const silent: ObservedWorker = { ...alive, silentFor: heartbeatTimeout };
export const forgetful: ObservedWorker = { ...alive, beat: 9, beatsWithout: () => 2 };
const believedAlive: Belief = { belief: '', worker: alive, out: [] };

/** An outage may be known or not. A worker may be believed alive at any time; silent when it is; forgetful when it does not hold the task. */
function beliefs(state: ModelState, task: number, seen: OpenTask): Belief[] {
  const { out } = state;
  if (seen.state === 'queued' && out.includes(true))
    return [believedAlive, { belief: ', in an outage', worker: alive, out }];
  if (seen.state !== 'running') return [believedAlive];
  const worker = state.workers.find(({ name }) => name === seen.worker);
  if (worker === undefined || worker.silent)
    return [believedAlive, { belief: ', its worker silent', worker: silent, out: [] }];
  if (worker.held.some((held) => held.task === task)) return [believedAlive];
  return [believedAlive, { belief: ', its worker not naming it', worker: forgetful, out: [] }];
}

export function worldOf(worker: ObservedWorker, block: World['block']): World {
  return { worker: () => worker, heartbeatTimeout, outage: false, grace: 0, block };
}

const outageBlock = blockOf('ProviderOutage', { code: 'ProviderUnavailable' });

/** The blocks of the task's targets that are out. */
export function blocksOf({ of }: OpenTask, out: readonly boolean[]): World['block'] {
  const targets = [{ pool: of.pool, model: of.model }, ...(of.policy.fallback ?? [])];
  return (pool, model) =>
    out[targets.findIndex((target) => target.pool === pool && target.model === model)] === true
      ? outageBlock
      : undefined;
}

function sender(index: number, task: number, write: Write): Sender {
  return {
    who: nameOfController(index),
    write,
    written: (next, entry) => withView(next, index, task, entry, undefined),
    refused: (next, last) => withView(next, index, task, last, undefined),
    waits: (next, waiting) => withView(next, index, task, next.controllers[index]!.views[task], waiting),
    // It asks the stream's leader before it writes on the same observation again.
    unanswered: (next) => withView(next, index, task, undefined, undefined),
  };
}

function crash(state: ModelState, index: number, { writes }: ControllerState): Step {
  const from = writes.filter((write) => write !== undefined).reduce(withGhost, withFault(state));
  return {
    kind: 'controller crash',
    cause: 'fault',
    text: () => `${nameOfController(index)} crashes and restarts`,
    next: { ...from, controllers: at(from.controllers, index, freshController(from.tasks.length)) },
  };
}

function withView(
  state: ModelState,
  index: number,
  task: number,
  view: LogEntry | undefined,
  write: Write | undefined,
): ModelState {
  const { views, writes } = state.controllers[index]!;
  const changed = { views: at(views, task, view), writes: at(writes, task, write) };
  return { ...state, controllers: at(state.controllers, index, changed) };
}

const nameOfController = (index: number): string => `controller-${index + 1}`;

// Leaves out states that cannot show anything new, so that larger bounds fit. All reductions follow from one fact, which
// is also explored without them: a write over an older message is refused, and changes nothing.
import { isOpen } from '../../src/job/task.ts';
import type { LogEntry } from '../../src/ports/jobLog.ts';
import type { Engine } from './engine.ts';
import {
  nextCall,
  type ApiCall,
  type ControllerState,
  type Held,
  type ModelState,
  type TaskLog,
  type WorkerState,
  type Write,
} from './state.ts';

export function reduced(state: ModelState, engine: Engine): ModelState {
  const { tasks } = state;
  return {
    ...state,
    tasks: tasks.map(withoutOldSpecs),
    workers: state.workers.map((worker) => withoutFutileWork(worker, state)),
    controllers: state.controllers.map((controller) => withoutOldViews(controller, tasks)),
    call: withoutOutdatedView(state.call, state, engine),
    ghosts: state.ghosts.filter((write) => isFresh(write, tasks)),
  };
}

const isFresh = ({ task, expected }: Write, tasks: readonly TaskLog[]): boolean =>
  tasks[task]!.last.sequence === expected;

/** Still to land over the last message, or stored as the last message. */
const mayCount = (write: Write, tasks: readonly TaskLog[]): boolean =>
  write.landed === 0 ? isFresh(write, tasks) : write.landed === tasks[write.task]!.last.sequence;

/** Besides the queued spec only the claimed one matters: its redelivery tells a worker about a claim that it gave up. */
function withoutOldSpecs(log: TaskLog): TaskLog {
  const { last, queue } = log;
  const oldest = last.state.state === 'running' ? last.sequence - 1 : last.sequence;
  const isOld = ({ spec }: TaskLog['queue'][number]): boolean => spec.sequence < oldest;
  return queue.some(isOld) ? { last, queue: queue.filter((message) => !isOld(message)) } : log;
}

/** A worker with a write that will certainly be refused counts as idle: an idle worker can do everything that it could. */
function withoutFutileWork(worker: WorkerState, state: ModelState): WorkerState {
  if (!worker.held.some((held) => isFutile(held, worker, state))) return worker;
  return { ...worker, held: worker.held.filter((held) => !isFutile(held, worker, state)) };
}

function isFutile(held: Held, { name }: WorkerState, { tasks, ghosts }: ModelState): boolean {
  const { last } = tasks[held.task]!;
  if (held.phase === 'claiming') {
    const isOwn = last.state.state === 'running' && last.state.worker === name;
    return !mayCount(held.write, tasks) && !isOwn && !ghosts.some(({ by }) => by === name);
  }
  if (held.claim.sequence === last.sequence || (held.phase === 'reporting' && mayCount(held.write, tasks)))
    return false;
  if (held.phase === 'reporting' && held.ending.end === 'failed' && held.ending.error.retryable) return !isSent(held);
  return last.state.run !== held.claim.state.run || !isOpen(last.state) || last.state.state === 'needs_review';
}

/** A final status that may already be stored by an earlier try, which its sender does not know yet. */
const isSent = (held: Extract<Held, { phase: 'reporting' }>): boolean => held.write.landed !== 0;

/** A controller with an outdated view or write will observe again. */
function withoutOldViews(controller: ControllerState, tasks: readonly TaskLog[]): ControllerState {
  const { views, writes } = controller;
  const isOld = (view: LogEntry | undefined, task: number): boolean => {
    const write = writes[task];
    return write === undefined
      ? view !== undefined && view.sequence !== tasks[task]!.last.sequence
      : !mayCount(write, tasks);
  };
  if (!views.some(isOld)) return controller;
  return {
    views: views.map((view, task) => (isOld(view, task) ? undefined : view)),
    writes: writes.map((write, task) => (isOld(views[task], task) ? undefined : write)),
  };
}

/** The API reads again as well, and ends the request if nothing is left to do. */
function withoutOutdatedView(
  call: ApiCall | undefined,
  { tasks, now }: ModelState,
  engine: Engine,
): ApiCall | undefined {
  if (call === undefined) return undefined;
  const { last } = tasks[call.task]!;
  const isOld = call.write === undefined ? call.seen.sequence !== last.sequence : !mayCount(call.write, tasks);
  if (!isOld) return call;
  if (engine.decide(call, last.state, now).do !== 'write') return nextCall(call, tasks);
  return { ...call, seen: last, write: undefined };
}

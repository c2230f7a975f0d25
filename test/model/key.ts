// Which states are equal: times are relative to now, sequences to the last message, and workers and controllers are
// compared by what they do. A write over an older message will be refused, so its content does not count.
import { isHeld, isOpen, type Instant, type TaskState } from '../../src/job/task.ts';
import type { ApiCall, ControllerState, Held, ModelState, TaskLog, WorkerState, Write } from './state.ts';
import type { WrittenEnding } from '../../src/worker/pipeline.ts';
import { tick } from './tick.ts';

export function keyOf(state: ModelState): string {
  const { now, tasks, left, call, ghosts } = state;
  const workers = state.workers.map((worker) => workerKey(worker, state)).sort();
  const controllers = state.controllers.map((controller) => controllerKey(controller, state)).sort();
  const logs = tasks.map((log) => logKey(log, now));
  const late = ghosts.map((write) => `${write.task}${writeKey(write, state)}`);
  const counts = `${left.faults}${left.cancels}${left.retries}${left.reviews}${left.outages}${state.out.map(Number).join('')}`;
  return `${logs.join('&')}|${workers.join('&')}|${controllers.join('&')}|${late.join('')}|${callKey(call, state)}|${counts}`;
}

/** The part of a task's state that influences what may follow. */
export function stateKey(task: TaskState, now: Instant): string {
  const { state, run, attempt, attemptsLost, budgets, since, of } = task;
  const letter = `${letters[state]}${run}`;
  const deadline = of.deadline === null ? '' : `d${ticks(Math.max(-2 * tick, of.deadline - now))}`;
  if (!('dueAt' in task)) return letter + deadline;
  // Its time starts when the others have ended; what they are late is taken from its queue budget.
  if (isHeld(task)) return `h${run}@${dueText(task.dueAt - now, of.policy)}${deadline}`;
  // Once older than every budget, more age changes nothing.
  const oldest = of.policy.queueTimeout + of.policy.runTimeout + of.policy.reviewTimeout + 2 * tick;
  const age = ticks(Math.min(now - since, oldest));
  const left = `${ticks(budgets.queue)},${ticks(budgets.run)},${ticks(budgets.review)}`;
  const retry =
    task.state === 'waiting' && task.retryAt !== null ? `@${ticks(Math.max(task.retryAt - now, -tick))}` : '';
  const kept = keptReason(task);
  const target = task.target === undefined ? '' : `t${task.target}`;
  return `${letter}${target}.${attempt}.${attemptsLost}.${left}+${age}${retry}${kept}${deadline}`;
}

/** The reasons that a later write depends on: a task that runs out of time after trouble at the provider names it. */
function keptReason({ state, reason }: TaskState): string {
  if (state !== 'queued' && state !== 'waiting') return '';
  return { WorkerLost: 'w', RateLimited: 'l', ProviderError: 'p', ProviderUnavailable: 'u' }[reason as string] ?? '';
}

/** One letter each, so that keys stay short. */
const letters: Readonly<Record<TaskState['state'], string>> = {
  queued: 'q',
  running: 'r',
  waiting: 'w',
  needs_review: 'n',
  succeeded: 'S',
  failed: 'F',
  cancelled: 'C',
  deleted: 'D',
};

const ticks = (ms: number): string => String(ms / tick);

function logKey({ last, queue }: TaskLog, now: Instant): string {
  const messages = queue.map(({ spec, lost }) => {
    if (spec.sequence === last.sequence) return lost ? 'L' : 'Q';
    const rest = Math.max(0, spec.state.dueAt - now);
    return lost || rest === 0 ? '' : `${spec.state.run === last.state.run ? 's' : 'o'}${ticks(rest)}`;
  });
  return `${stateKey(last.state, now)}:${messages.sort().join('')}`;
}

/** Current writes in full, because they may land; the others will be refused. */
function writeKey(write: Write, { tasks, now }: ModelState): string {
  const { last } = tasks[write.task]!;
  if (write.landed !== 0) return write.landed === last.sequence ? 'L' : 'l';
  return write.expected === last.sequence ? `${write.slow ? 'z' : ''}${stateKey(write.state, now)}` : '-';
}

function workerKey({ name, silent, held }: WorkerState, state: ModelState): string {
  const named = state.tasks.map(({ last }) =>
    last.state.state === 'running' && last.state.worker === name ? 'R' : '',
  );
  const late = state.ghosts.map((write) => (write.by === name ? 'G' : ''));
  const slots = held.map((one) => heldKey(one, state)).sort();
  return `${silent ? 'z' : ''}${named.join(',')}${late.join('')}(${slots.join(';')})`;
}

function heldKey(held: Held, state: ModelState): string {
  const { last } = state.tasks[held.task]!;
  if (held.phase === 'claiming') {
    const sameRun = held.spec.state.run === last.state.run ? '' : 'o';
    return `${held.task}c${sameRun}${writeKey(held.write, state)}`;
  }
  const { claim } = held;
  const own = claim.sequence === last.sequence ? '=' : claim.state.run === last.state.run ? '<' : 'o';
  // A running claim on record carries its own `dueAt`.
  const due =
    own === '<' && claim.state.of.deadline !== null
      ? `${ticks(Math.max(0, claim.state.dueAt - state.now))}${whyLetter(claim.state)}`
      : '';
  // A late failure is adopted only for the target that it met.
  const target = own === '<' && claim.state.target !== undefined ? `t${claim.state.target}` : '';
  if (held.phase === 'running') return `${held.task}r${own}${due}${target}`;
  const { ending } = held;
  const end = endingKey(ending);
  return `${held.task}e${own}${end}${target}${writeKey(held.write, state)}`;
}

const endingKey = (ending: WrittenEnding): string => {
  if (ending.end === 'completed') return ending.result.flags === undefined ? 'm' : 'g';
  return ending.error.retryable ? 'f' : ending.error.code;
};

/** The limit that a claim reaches at its `dueAt`. */
function whyLetter({ dueAt, since, of, budgets }: Extract<TaskState, { state: 'running' }>): string {
  if (dueAt === of.deadline) return 'd';
  return dueAt === since + budgets.run ? 'r' : 'a';
}

function controllerKey({ views, writes }: ControllerState, state: ModelState): string {
  const parts = views.map((view, task) => {
    const write = writes[task];
    if (write !== undefined) return writeKey(write, state);
    if (view === undefined) return '';
    const { last } = state.tasks[task]!;
    // A task that waits for this one is judged by the old view.
    return view.sequence === last.sequence ? '=' : `<${isOpen(view.state) ? '' : letters[view.state.state]}`;
  });
  return parts.join(',');
}

function callKey(call: ApiCall | undefined, state: ModelState): string {
  if (call === undefined) return '';
  const { last } = state.tasks[call.task]!;
  const run = call.run === last.state.run ? '' : 'o';
  const seen = call.seen.sequence === last.sequence ? '=' : '<';
  const policy = last.state.of.policy;
  const plan = [call, ...(call.rest ?? [])].map(({ due }) =>
    due === undefined ? '' : dueText(due - state.now, policy),
  );
  return `${call.asks}${call.task}${run}${plan.join('/')}${call.write === undefined ? seen : writeKey(call.write, state)}`;
}

/** Of a task that waits for others. What these are late is taken from its queue budget; later than that, nothing changes. */
const dueText = (left: number, { queueTimeout }: TaskState['of']['policy']): string =>
  ticks(Math.max(left, -queueTimeout - 4 * tick));

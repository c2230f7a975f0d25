// Liveness: from here on there are no more faults, a controller acts when the rules say so, and workers behave as badly as
// they may. The task must end, and by the promised time.
import { latestEnd } from '../../src/job/budgets.ts';
import { taskError } from '../../src/job/errors/index.ts';
import { decide } from '../../src/job/rules/decide.ts';
import { reportGrace } from '../../src/job/rules/timing.ts';
import type { Rule, ObservedWorker } from '../../src/job/rules/rule.ts';
import {
  isHeld,
  isOpen,
  type Held,
  type Instant,
  type OpenTask,
  type Queued,
  type TaskState,
} from '../../src/job/task.ts';
import type { Broken } from './checks.ts';
import { alive, blocksOf, forgetful, heartbeatTimeout, silent, worldOf } from './controllerSteps.ts';
import type { Engine } from './engine.ts';
import { stateKey } from './key.ts';
import { request } from './state.ts';
import { tick } from './tick.ts';

/** How workers treat a task: whether they claim it, how the controller sees them then, and what they report. */
interface Workforce {
  readonly name: string;
  readonly claims: 'never' | 'immediately' | 'at the last moment';
  readonly worker: ObservedWorker;
  readonly reports?: 'ProviderError' | 'RateLimited' | 'ProviderUnavailable';
  /** The targets that are out: the controller knows it, and failures belong to the outage. */
  readonly out?: readonly boolean[];
  /** The rule that moves the task without waiting. */
  readonly prompt?: string;
}

const workforces: readonly Workforce[] = [
  { name: 'no worker is alive', claims: 'never', worker: silent, prompt: 'WorkerLost' },
  { name: 'every call hangs', claims: 'immediately', worker: alive },
  { name: 'every call hangs, claimed late', claims: 'at the last moment', worker: alive },
  { name: 'every claim kills its worker', claims: 'immediately', worker: silent, prompt: 'WorkerLost' },
  { name: 'every worker forgets its task', claims: 'immediately', worker: forgetful, prompt: 'TaskOrphaned' },
  { name: 'every call fails', claims: 'immediately', worker: alive, reports: 'ProviderError' },
  { name: 'every target is out', claims: 'never', worker: alive, out: [true, true] },
  { name: 'the first target is out, and the fallback hangs', claims: 'immediately', worker: alive, out: [true] },
  {
    name: 'every probe fails',
    claims: 'immediately',
    worker: alive,
    reports: 'ProviderUnavailable',
    out: [true, true],
  },
  { name: 'every key is rate-limited', claims: 'immediately', worker: alive, reports: 'RateLimited' },
];

/** More moves than any run of the small policies has. */
const mostMoves = 100;

export class Endings {
  readonly #engine: Engine;
  readonly #known = new Set<string>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** How many states of a task were followed to their end, each with every workforce. */
  get checked(): number {
    return this.#known.size;
  }

  /** What keeps an open task from its end, if anything does. */
  violatedBy(task: TaskState, queueForgot: boolean, now: Instant): Broken | undefined {
    if (!isOpen(task)) return undefined;
    const key = `${stateKey(task, now)}${queueForgot ? 'L' : ''}`;
    if (this.#known.has(key)) return undefined;
    this.#known.add(key);
    for (const workforce of workforces) {
      const broken = brokenWith(task, queueForgot, now, workforce, this.#engine);
      if (broken !== undefined) return { ...broken, message: `${workforce.name}: ${broken.message}` };
    }
    return undefined;
  }
}

const stuck = (message: string): Broken => ({ check: 'every open task ends in time', message });

function brokenWith(
  first: OpenTask,
  queueForgot: boolean,
  from: Instant,
  workforce: Workforce,
  engine: Engine,
): Broken | undefined {
  const promised = Math.max(from, latestEnd(first)) + reportGrace;
  let task: TaskState = first;
  let now = from;
  let forgot = queueForgot;
  for (let moves = 0; moves < mostMoves; moves += 1) {
    if (!isOpen(task)) {
      if (now > promised) return stuck(`it ended ${(now - promised) / tick} ticks later than promised`);
      return isBare(task, workforce) ? { check: 'a blocked task names the provider', message: task.reason } : undefined;
    }
    const moved: Move | string = nextMove(task, forgot, now, workforce, engine);
    if (typeof moved === 'string') return stuck(moved);
    forgot &&= moved.state === task;
    ({ state: task, now } = moved);
  }
  return stuck(`it is still ${task.state} after ${mostMoves} moves`);
}

/** Every target is out, but the task does not say so. */
const isBare = ({ reason }: TaskState, { out = [] }: Workforce): boolean =>
  reason === 'QueueTimeout' && out.length > 1 && !out.includes(false);

interface Move {
  readonly state: TaskState;
  readonly now: Instant;
}

/** The controller acts first, then a worker, then time passes until the next decision. Returns the violation as text. */
function nextMove(task: OpenTask, forgot: boolean, now: Instant, workforce: Workforce, engine: Engine): Move | string {
  const { rules } = engine;
  if (isHeld(task)) return release(task, now, rules);
  const verdict = judge(task, forgot, now, workforce, rules);
  if (verdict.do === 'write') return { state: verdict.state, now };
  if (task.state === 'running' && workforce.prompt !== undefined) return `no rule says ${workforce.prompt}`;
  if (task.state === 'queued' && forgot) return 'no rule says MessageLost';
  if (mustFail(task, workforce)) return 'no rule fails it, although its policy does not wait';
  const { checkAgainAt } = verdict;
  if (!(checkAgainAt > now)) return 'the rules name no later moment for the next look';
  if (task.state === 'queued' && workforce.claims !== 'never') return claim(task, now, workforce, engine);
  if (task.state === 'running' && workforce.reports !== undefined) return report(task, now, workforce.reports, engine);
  const later = judge(task, forgot, checkAgainAt, workforce, rules);
  return later.do === 'write'
    ? { state: later.state, now: checkAgainAt }
    : `the look at the named moment finds nothing (${task.state})`;
}

/** The others succeed as late as they may, and at once it is queued; had one of them failed, so would it. */
function release(task: Held, now: Instant, rules: readonly Rule[]): Move | string {
  const latest = Math.max(now, task.dueAt);
  const ends = { ...task, reason: 'Succeeded', worker: 'worker', finishedAt: now } as const;
  const judged = (parent: TaskState, at: Instant) =>
    decide(
      { task, seenFor: 0, parents: [parent] },
      worldOf(alive, () => undefined),
      at,
      0,
      rules,
    );
  const lost = judged({ ...ends, state: 'failed', reason: 'PromptRefused' }, now);
  if (lost.do !== 'write' || lost.state.state !== 'failed') return 'no rule fails it with a task that it waits for';
  if (task.dueAt === task.of.deadline && latest >= task.dueAt) return { state: lost.state, now };
  const met = judged({ ...ends, state: 'succeeded' }, latest);
  return met.do === 'write' && met.state.state === 'queued'
    ? { state: met.state, now: latest }
    : 'no rule queues it when all that it waits for have succeeded';
}

const mustFail = ({ state, of, target = 0 }: OpenTask, { out = [] }: Workforce): boolean =>
  state === 'queued' && out[target] === true && of.policy.onOutage === 'fail';

function judge(
  task: OpenTask,
  messageMissing: boolean,
  now: Instant,
  { worker, out = [] }: Workforce,
  rules: readonly Rule[],
) {
  const world = worldOf(worker, blocksOf(task, out));
  return decide({ task, seenFor: heartbeatTimeout, messageMissing }, world, now, 0.999, rules);
}

function claim(task: Queued, now: Instant, { claims }: Workforce, engine: Engine): Move {
  const at = claims === 'immediately' ? now : Math.max(now, task.dueAt - 1);
  return { state: engine.claimed(task, 'worker', 1, at), now: at };
}

function report(
  task: Extract<TaskState, { state: 'running' }>,
  now: Instant,
  code: NonNullable<Workforce['reports']>,
  engine: Engine,
): Move {
  const at = Math.min(now + tick, Math.max(now, task.dueAt));
  const outage = code === 'ProviderUnavailable' ? { outage: true } : {};
  const ending = { end: 'failed', error: { ...taskError(code, code), ...outage } } as const;
  return { state: engine.finalWrite({ sequence: 1, state: task, request }, ending, at, 0.999).state, now: at };
}

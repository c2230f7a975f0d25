// The steps of workers: take a delivery, claim, run, report; and crash or fall silent.
import { taskError } from '../../src/job/errors/index.ts';
import type { TaskState } from '../../src/job/task.ts';
import { whyDue } from '../../src/job/whyDue.ts';
import type { LogEntry } from '../../src/ports/jobLog.ts';
import type { Claim, WrittenEnding } from '../../src/worker/pipeline.ts';
import type { Engine } from './engine.ts';
import { acknowledged, fatesOf, withFault, withGhost, type Sender, type Step } from './step.ts';
import { at, freshWorker, request, sent, type Held, type ModelState, type QueueMessage } from './state.ts';
import type { Scenario } from './scenario.ts';

type Claiming = Extract<Held, { phase: 'claiming' }>;
type Running = Extract<Held, { phase: 'running' }>;
type Reporting = Extract<Held, { phase: 'reporting' }>;

/** Jitter at both of its ends. */
const randoms = [0, 0.999];

export function workerSteps(state: ModelState, scenario: Scenario, engine: Engine): Step[] {
  return state.workers.flatMap((worker, index) => {
    const steps = worker.held.flatMap((held, slot) => heldSteps(state, index, slot, held, engine));
    if (worker.held.length < scenario.slots) steps.push(...deliveries(state, index, engine));
    if (state.left.faults > 0) steps.push(crash(state, index));
    if (worker.silent) steps.push(heardAgain(state, index));
    else if (state.left.faults > 0) steps.push(goesSilent(state, index));
    return steps;
  });
}

function heldSteps(state: ModelState, worker: number, slot: number, held: Held, engine: Engine): Step[] {
  switch (held.phase) {
    case 'claiming':
      return fatesOf(state, claimer(state, worker, slot, held), engine).flatMap((step) =>
        withLostAck(step, state, held),
      );
    case 'running':
      return [...endings(state, worker, slot, held, engine), ...cancellations(state, worker, slot, held, engine)];
    case 'reporting':
      return fatesOf(state, reporter(state, worker, slot, held, engine), engine);
    default:
      return held satisfies never;
  }
}

/** Every unacknowledged message may be delivered at any time, repeatedly and to several workers. */
function deliveries(state: ModelState, worker: number, engine: Engine): Step[] {
  const { name, held } = state.workers[worker]!;
  return state.tasks.flatMap(({ queue }, task) => {
    // A worker gives back deliveries of tasks it already holds, and overdue ones: no move of the model.
    if (held.some((other) => other.task === task)) return [];
    const due = queue.filter(({ spec, lost }) => !lost && spec.state.dueAt > state.now);
    return due.map((message) => deliver(state, worker, name, task, message, engine));
  });
}

function deliver(
  state: ModelState,
  worker: number,
  name: string,
  task: number,
  { spec }: QueueMessage,
  engine: Engine,
): Step {
  const claim = engine.claimed(spec.state, name, 1, state.now);
  const write = sent({ task, by: name, state: claim, expected: spec.sequence });
  const { held } = state.workers[worker]!;
  const from = engine.acksFirst ? acknowledged(state, task, spec) : state;
  return {
    kind: 'delivery',
    cause: 'calm',
    text: () => `${name} is delivered spec #${spec.sequence} of task ${task} and sends its claim`,
    next: withHeld(from, worker, [...held, { phase: 'claiming', task, spec, write }]),
  };
}

function claimer(state: ModelState, worker: number, slot: number, held: Claiming): Sender {
  const { task, spec, write } = held;
  const { name } = state.workers[worker]!;
  const run = (next: ModelState, entry: LogEntry): ModelState =>
    withSlot(acknowledged(next, task, spec), worker, slot, {
      phase: 'running',
      task,
      claim: { sequence: entry.sequence, state: entry.state as Claim['state'], request },
    });
  return {
    who: name,
    write,
    written: run,
    refused: (next, last) =>
      isEarlierClaim(last.state, name, spec.state.run)
        ? run(next, last)
        : withSlot(acknowledged(next, task, spec), worker, slot, undefined),
    waits: (next, waiting) => withSlot(next, worker, slot, { ...held, write: waiting }),
    unanswered: (next) => withSlot(next, worker, slot, undefined),
  };
}

/** As in the worker: an earlier try of the same claim, stored although no answer came. */
const isEarlierClaim = (last: TaskState, name: string, run: number): boolean =>
  last.state === 'running' && last.worker === name && last.run === run;

/** An acknowledgement may get lost: the message stays in the queue. */
function withLostAck(step: Step, before: ModelState, { task }: Claiming): Step[] {
  const { queue } = step.next.tasks[task]!;
  if (before.left.faults === 0 || queue.length >= before.tasks[task]!.queue.length) return [step];
  const kept = { ...step.next.tasks[task]!, queue: before.tasks[task]!.queue };
  const next = withFault({ ...step.next, tasks: at(step.next.tasks, task, kept) });
  return [step, { ...step, kind: 'ack lost', cause: 'fault', text: () => `${step.text()}; its ack is lost`, next }];
}

function endings(state: ModelState, worker: number, slot: number, held: Running, engine: Engine): Step[] {
  const { name } = state.workers[worker]!;
  const { claim, task } = held;
  const { sequence: expected } = claim;
  return possibleEndings(claim, state).flatMap(({ ending, outcome }) => {
    const draws = ending.end === 'failed' && ending.error.retryable ? randoms : randoms.slice(0, 1);
    return draws.map((random): Step => {
      const { state: final } = engine.finalWrite(claim, ending, state.now, random);
      const write = sent({ task, by: name, state: final, expected });
      return {
        kind: 'attempt ends',
        cause: 'calm',
        text: () => `${name}'s attempt #${expected} of task ${task} ends: ${outcome}; it sends ${final.state}`,
        next: withSlot(state, worker, slot, { phase: 'reporting', task, claim, ending, write }),
      };
    });
  });
}

const result = { usage: { inputTokens: 1, outputTokens: 1, durationMs: 1 } };
const made: WrittenEnding = { end: 'completed', result };
const flagged: WrittenEnding = {
  end: 'completed',
  result: { ...result, flags: [{ source: 'check', reason: 'red' }] },
};
const failures = (['ProviderError', 'PromptRefused', 'RateLimited'] as const).map((code) => ({
  ending: { end: 'failed', error: taskError(code, code) } as WrittenEnding,
  outcome: code as string,
}));

const inOutage = {
  ending: { end: 'failed', error: { ...taskError('ProviderUnavailable', 'out'), outage: true } } as WrittenEnding,
  outcome: 'outage',
};

/** An answer from before an outage may arrive during it. */
function possibleEndings(claim: Claim, { now, out }: ModelState): { ending: WrittenEnding; outcome: string }[] {
  const isOut = out[claim.state.target ?? 0];
  const mayBeFlagged = claim.state.of.policy.review === 'onFlag';
  const ends = [
    { ending: made, outcome: 'completed' },
    ...(mayBeFlagged ? [{ ending: flagged, outcome: 'completed, and flagged' }] : []),
    ...(isOut === true ? [inOutage] : failures),
  ];
  if (now < claim.state.dueAt) return ends;
  const code = whyDue(claim.state);
  return [...ends, { ending: { end: 'failed', error: taskError(code, code) }, outcome: code }];
}

/** A controller answers a heartbeat that lists a task which the worker no longer owns. */
function cancellations(
  state: ModelState,
  worker: number,
  slot: number,
  { task, claim }: Running,
  engine: Engine,
): Step[] {
  const { last } = state.tasks[task]!;
  const { name, silent } = state.workers[worker]!;
  if (silent || last.sequence <= claim.sequence) return [];
  const { job } = claim.state.of;
  const beat = { tasks: [{ job, task, claim: claim.sequence, progress: 0 }] } as unknown as Parameters<
    Engine['cancellationsFor']
  >[0];
  if (engine.cancellationsFor(beat, { task: () => last }).length === 0) return [];
  return [
    {
      kind: 'cancellation',
      cause: 'calm',
      text: () => `${name} learns that it no longer owns attempt #${claim.sequence}, and drops it`,
      next: withSlot(state, worker, slot, undefined),
    },
  ];
}

function reporter(state: ModelState, worker: number, slot: number, held: Reporting, engine: Engine): Sender {
  const { claim, ending, write, task } = held;
  const released = (next: ModelState): ModelState => withSlot(next, worker, slot, undefined);
  const { name } = state.workers[worker]!;
  return {
    who: name,
    write,
    written: released,
    refused: (next, last) => {
      if (last.sequence > write.expected && engine.isSameState(last.state, write.state)) return released(next);
      const adoption = engine.adopt(claim, ending, last, next.now);
      if (adoption === undefined) return released(next);
      const { write: adopted, expected } = adoption;
      const again = sent({ task, by: name, state: adopted.state, expected }, claim.state.run);
      return withSlot(next, worker, slot, { ...held, write: again });
    },
    waits: (next, waiting) => withSlot(next, worker, slot, { ...held, write: waiting }),
    // The worker sends it again until there is an answer.
    unanswered: (next) => withSlot(next, worker, slot, { ...held, write: { ...write, landed: 0, slow: false } }),
  };
}

/** It dies, and another worker starts under a new name. Its writes in flight may still land. */
function crash(state: ModelState, worker: number): Step {
  const { name, held } = state.workers[worker]!;
  const underWay = held.flatMap((one) => (one.phase === 'running' ? [] : [one.write]));
  const from = underWay.reduce(withGhost, withFault(state));
  return {
    kind: 'worker crash',
    cause: 'fault',
    text: () => `${name} crashes${underWay.length > 0 ? ' with a write in flight' : ''}`,
    next: { ...from, workers: at(from.workers, worker, freshWorker(from.started)), started: from.started + 1 },
  };
}

function goesSilent(state: ModelState, worker: number): Step {
  const { name } = state.workers[worker]!;
  return {
    kind: 'worker silent',
    cause: 'fault',
    text: () => `${name} freezes or is disconnected: its heartbeats do not arrive`,
    next: withWorker(withFault(state), worker, { silent: true }),
  };
}

function heardAgain(state: ModelState, worker: number): Step {
  const { name } = state.workers[worker]!;
  return {
    kind: 'worker heard again',
    cause: 'calm',
    text: () => `${name} is heard again`,
    next: withWorker(state, worker, { silent: false }),
  };
}

function withWorker(state: ModelState, worker: number, change: Partial<ModelState['workers'][number]>): ModelState {
  return { ...state, workers: at(state.workers, worker, { ...state.workers[worker]!, ...change }) };
}

const withHeld = (state: ModelState, worker: number, held: readonly Held[]): ModelState =>
  withWorker(state, worker, { held });

function withSlot(state: ModelState, worker: number, slot: number, held: Held | undefined): ModelState {
  const others = state.workers[worker]!.held;
  return withHeld(state, worker, held === undefined ? others.toSpliced(slot, 1) : others.with(slot, held));
}

// The steps besides workers and controllers: time, late writes, a queue that loses messages, and people's requests.
import type { Engine } from './engine.ts';
import { fatesOf, land, nameOf, withFault, withLog, type Sender, type Step } from './step.ts';
import { tasksToRetry } from '../../src/job/requests/retry.ts';
import { at, nextCall, sent, type ApiCall, type Asks, type Left, type ModelState, type Write } from './state.ts';
import { tick } from './tick.ts';

export function otherSteps(state: ModelState, engine: Engine): Step[] {
  return [...time(state), ...ghosts(state, engine), ...losses(state), ...outages(state), ...people(state, engine)];
}

/** Time passes, but not while a write is in flight: a slow write is a separate fault. */
function time(state: ModelState): Step[] {
  if (underWay(state).some((write) => isPunctual(write, state))) return [];
  return [{ kind: 'tick', cause: 'calm', text: () => 'time passes', next: { ...state, now: state.now + tick } }];
}

function underWay({ workers, controllers, call }: ModelState): Write[] {
  const held = workers.flatMap((worker) => worker.held.map((one) => (one.phase === 'running' ? undefined : one.write)));
  const all = [...held, ...controllers.flatMap(({ writes }) => writes), call?.write];
  return all.filter((write) => write !== undefined);
}

/** A write over an older message is refused whenever it arrives. */
const isPunctual = ({ slow, landed, task, expected }: Write, { tasks }: ModelState): boolean =>
  !slow && landed === 0 && expected === tasks[task]!.last.sequence;

function ghosts(state: ModelState, engine: Engine): Step[] {
  return state.ghosts.map((write, index): Step => {
    const { next, appended } = land({ ...state, ghosts: state.ghosts.toSpliced(index, 1) }, write, engine);
    return {
      kind: 'late write',
      cause: 'calm',
      text: () =>
        `a late write of ${write.by}, ${nameOf(write)} over #${write.expected}, is ${appended ? 'stored' : 'refused'}`,
      next,
      ...(appended === undefined ? {} : { appended }),
    };
  });
}

function losses(state: ModelState): Step[] {
  if (state.left.faults === 0) return [];
  return state.tasks.flatMap((log, task) => {
    const index = log.queue.findIndex(({ spec, lost }) => spec.sequence === log.last.sequence && !lost);
    if (index < 0) return [];
    const message = log.queue[index]!;
    const queue = log.queue.with(index, { ...message, lost: true });
    return [
      {
        kind: 'queue forgets',
        cause: 'fault',
        text: () => `the queue loses spec #${message.spec.sequence} of task ${task}`,
        next: withLog(withFault(state), task, { ...log, queue }),
      },
    ];
  });
}

/** An outage of a target begins, or ends after any time. */
function outages(state: ModelState): Step[] {
  const { out, left } = state;
  return out.flatMap((isOut, target): Step[] => {
    const next = { ...state, out: at(out, target, !isOut) };
    if (isOut) return [{ kind: 'outage ends', cause: 'calm', text: () => `target ${target} works again`, next }];
    if (left.outages === 0) return [];
    const begun = { ...next, left: { ...left, outages: left.outages - 1 } };
    return [{ kind: 'outage begins', cause: 'fault', text: () => `target ${target} is out`, next: begun }];
  });
}

function people(state: ModelState, engine: Engine): Step[] {
  const { call } = state;
  if (call === undefined)
    return [...asked(state, 'cancels', engine), ...asked(state, 'retries', engine), ...asked(state, 'reviews', engine)];
  if (call.write !== undefined) return fatesOf(state, sender(call, call.write, engine), engine);
  return [decided(state, call, engine)];
}

const asks: Readonly<Record<Exclude<keyof Left, 'faults' | 'outages'>, readonly Asks[]>> = {
  cancels: ['cancel'],
  retries: ['retry'],
  reviews: ['approve', 'reject', 'tweak'],
};

/** A person sends a request: the API reads the job now, and may write much later. */
function asked(state: ModelState, budget: Exclude<keyof Left, 'faults' | 'outages'>, engine: Engine): Step[] {
  if (state.left[budget] === 0) return [];
  const left = { ...state.left, [budget]: state.left[budget] - 1 };
  if (budget === 'retries' && state.tasks.some(({ last }) => last.state.of.after !== undefined))
    return retryOfAll(state, left);
  return state.tasks.flatMap(({ last }, task) =>
    asks[budget].flatMap((wish): Step[] => {
      // A request without effect is answered immediately and changes nothing.
      if (engine.decide({ asks: wish, run: last.state.run }, last.state, state.now).do !== 'write') return [];
      return [
        {
          kind: 'request',
          cause: 'person',
          text: () => `a person requests ${wish} of task ${task}; the API reads #${last.sequence} ${nameOf(last)}`,
          next: { ...state, left, call: { asks: wish, task, run: last.state.run, seen: last, write: undefined } },
        },
      ];
    }),
  );
}

/** The tasks of a chain are retried together, those that others wait for first. */
function retryOfAll(state: ModelState, left: Left): Step[] {
  const plan = tasksToRetry(
    state.tasks.map(({ last }) => last.state),
    undefined,
    state.now,
  );
  if (plan instanceof Error) return [];
  const rest = [...plan].toSorted(([, one], [, other]) => one.level - other.level);
  const planned = rest.map(([task, { due }]) => ({ task, due }));
  const { last } = state.tasks[planned[0]!.task]!;
  const before: ApiCall = { asks: 'retry', task: 0, run: 1, seen: last, write: undefined, rest: planned };
  return [
    {
      kind: 'request',
      cause: 'person',
      text: () => `a person requests the retry of tasks ${planned.map(({ task }) => task).join(', ')}`,
      next: { ...state, left, call: nextCall(before, state.tasks) },
    },
  ];
}

function decided(state: ModelState, call: ApiCall, engine: Engine): Step {
  const next = answerOver(state, call, engine);
  return {
    kind: 'request decided',
    cause: 'calm',
    text: () => (next.call?.write ? `the API sends ${nameOf(next.call.write)}` : `the API has nothing to ${call.asks}`),
    next,
  };
}

function answerOver(state: ModelState, call: ApiCall, engine: Engine): ModelState {
  const decision = engine.decide(call, call.seen.state, state.now);
  if (decision.do !== 'write') return { ...state, call: nextCall(call, state.tasks) };
  const { task, seen } = call;
  const write = sent({ task, by: 'the API', state: decision.write.state, expected: seen.sequence });
  return { ...state, call: { ...call, write } };
}

function sender(call: ApiCall, write: Write, engine: Engine): Sender {
  const done = (next: ModelState): ModelState => ({ ...next, call: nextCall(call, next.tasks) });
  return {
    who: 'the API',
    write,
    written: done,
    refused: (next, last) => answerOver(next, { ...call, seen: last, write: undefined }, engine),
    waits: (next, waiting) => ({ ...next, call: { ...call, write: waiting } }),
    unanswered: (next) => ({ ...next, call: undefined }),
  };
}

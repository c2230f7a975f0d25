// The functions under test, exactly as in production. They are collected here so that a mutant can replace one.
import type { Instant, TaskState } from '../../src/job/task.ts';
import { mustConfirm } from '../../src/job/chains/parents.ts';
import { cancelTask } from '../../src/job/requests/cancel.ts';
import type { Decision } from '../../src/job/requests/decision.ts';
import { retryTask } from '../../src/job/requests/retry.ts';
import { reviewTask } from '../../src/job/requests/review.ts';
import type { Rule } from '../../src/job/rules/rule.ts';
import { rules } from '../../src/job/rules/decide.ts';
import { claimed } from '../../src/job/transitions.ts';
import { cancellationsFor } from '../../src/controller/cancellations.ts';
import type { LogEntry } from '../../src/ports/jobLog.ts';
import { adopt, isSameState } from '../../src/worker/adopt.ts';
import { finalWrite } from '../../src/worker/finalWrite.ts';
import { request, type ApiCall, type Write } from './state.ts';

export interface Engine {
  readonly rules: readonly Rule[];
  readonly claimed: typeof claimed;
  readonly finalWrite: typeof finalWrite;
  readonly adopt: typeof adopt;
  readonly isSameState: typeof isSameState;
  readonly cancellationsFor: typeof cancellationsFor;
  /** What a request decides on this last message. */
  readonly decide: (call: Pick<ApiCall, 'asks' | 'run' | 'due'>, last: TaskState, now: Instant) => Decision;
  /** Whether a controller asks the stream before it believes that a task ended in vain. */
  readonly mustConfirm: typeof mustConfirm;
  /** Whether the stream accepts the write. */
  readonly takes: (write: Write, last: LogEntry) => boolean;
  /** A worker acknowledges a spec before it has claimed it. */
  readonly acksFirst: boolean;
}

export const product: Engine = {
  rules,
  claimed,
  finalWrite,
  adopt,
  isSameState,
  cancellationsFor,
  decide,
  mustConfirm,
  takes: ({ expected }, last) => last.sequence === expected,
  acksFirst: false,
};

const by = 'a client';

function decide({ asks, run, due }: Pick<ApiCall, 'asks' | 'run' | 'due'>, state: TaskState, now: Instant): Decision {
  const last = { state, detail: { message: '', output: 'a text' } };
  switch (asks) {
    case 'cancel':
      return cancelTask(last, { by, running: 'stop' }, now);
    case 'retry':
      return retryTask(state, request, by, now, due);
    case 'approve':
    case 'reject':
    case 'tweak':
      return reviewTask(last, request, { run, decision: asks, instruction: 'another colour' }, by, now);
    default:
      return asks satisfies never;
  }
}

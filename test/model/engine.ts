// The functions that are checked, as the product has them, gathered so that a mutant can replace one.
import { isOpen, type Instant, type TaskState } from '../../src/job/task.ts';
import type { Rule } from '../../src/job/rules/rule.ts';
import { rules } from '../../src/job/rules/decide.ts';
import { approved, cancelled, claimed, newRun, rejected } from '../../src/job/transitions.ts';
import { refuseTooLate } from '../../src/jobs/retryJob.ts';
import { recallsFor } from '../../src/controller/recalls.ts';
import type { LogEntry } from '../../src/ports/jobLog.ts';
import { adopt, isSameState } from '../../src/worker/adopt.ts';
import { finalWrite } from '../../src/worker/finalWrite.ts';
import type { ApiCall, Write } from './state.ts';

export interface Engine {
  readonly rules: readonly Rule[];
  readonly claimed: typeof claimed;
  readonly finalWrite: typeof finalWrite;
  readonly adopt: typeof adopt;
  readonly isSameState: typeof isSameState;
  readonly recallsFor: typeof recallsFor;
  /** What a request writes after this last message; undefined where it has nothing to do there. */
  readonly answerTo: (asks: ApiCall['asks'], last: TaskState, now: Instant) => TaskState | undefined;
  /** Whether the stream takes the write. */
  readonly takes: (write: Write, last: LogEntry) => boolean;
  /** A worker tells the queue to forget a spec before it has claimed it. */
  readonly acksFirst: boolean;
}

export const product: Engine = {
  rules,
  claimed,
  finalWrite,
  adopt,
  isSameState,
  recallsFor,
  answerTo,
  takes: ({ expected }, last) => last.sequence === expected,
  acksFirst: false,
};

function answerTo(asks: ApiCall['asks'], last: TaskState, now: Instant): TaskState | undefined {
  switch (asks) {
    case 'cancel':
      return isOpen(last) ? cancelled(last, now) : undefined;
    case 'retry':
      return last.state === 'failed' || last.state === 'cancelled'
        ? inTime(newRun(last, 'Retried', now), now)
        : undefined;
    case 'approve':
      return last.state === 'needs_review' ? approved(last, now) : undefined;
    case 'reject':
      return last.state === 'needs_review' ? rejected(last, now) : undefined;
    case 'tweak':
      return last.state === 'needs_review' ? inTime(newRun(last, 'Tweaked', now), now) : undefined;
    default:
      return asks satisfies never;
  }
}

function inTime(next: ReturnType<typeof newRun>, now: Instant): TaskState | undefined {
  try {
    refuseTooLate(next, now);
    return next;
  } catch {
    return undefined;
  }
}

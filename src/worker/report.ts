// Writes the final status and retries until NATS answers: accepted, adopted or refused. It is never dropped for lateness; the slot
// that it occupies bounds how many results a worker can hold.

import { sleep } from '../async/sleep.ts';
import { backoffCeiling } from '../job/backoff.ts';
import type { Sequence, TaskWrite } from '../job/task.ts';
import type { WriteOutcome } from '../ports/jobLog.ts';
import { adopt, isSameState } from './adopt.ts';
import type { WorkerContext } from './context.ts';
import { finalWrite } from './finalWrite.ts';
import type { Claim, Report, WrittenEnding } from './pipeline.ts';
import { transientBackoff, isTransient } from './transientErrors.ts';

/** Writes how the attempt ended. Never rejects. */
export async function report(claim: Claim, ending: WrittenEnding, context: WorkerContext): Promise<Report> {
  const { clock, random = Math.random } = context.options;
  let write = finalWrite(claim, ending, clock.now(), random());
  let expected = claim.sequence;
  for (;;) {
    const answer = await answerTo(write, expected, context);
    if (answer === undefined) return { outcome: 'unanswered', write };
    const { last } = answer.outcome === 'refused' ? answer : { last: undefined };
    const isOurs = last !== undefined && last.sequence > expected && isSameState(last.state, write.state);
    if (answer.outcome === 'written' || isOurs) {
      return { outcome: expected === claim.sequence ? 'accepted' : 'adopted', write };
    }
    // Each further write is made against a newer last message, so this ends.
    const adoption = adopt(claim, ending, last, clock.now());
    if (adoption === undefined) return { outcome: 'refused', write, by: last?.state.reason ?? 'Deleted' };
    ({ write, expected } = adoption);
  }
}

/** Tries that fail for another reason than NATS being away or full, before the controller is left to decide. */
const mostFaults = 5;

/** The answer of the stream, however long it takes; undefined when the worker ends first or the write cannot succeed. */
async function answerTo(
  write: TaskWrite,
  expected: Sequence,
  context: WorkerContext,
): Promise<WriteOutcome | undefined> {
  const { options, telemetry, ended } = context;
  for (let tries = 1, faults = 0; !ended.aborted; tries += 1) {
    try {
      return await options.log.write(write, expected);
    } catch (error) {
      if (!isTransient(error)) faults += 1;
      if (tries === 1 || faults > 0) telemetry.writeFailed(write.state, error);
      if (faults >= mostFaults) return undefined;
      await sleep(backoffCeiling(tries, transientBackoff), ended);
    }
  }
  return undefined;
}

// Writes the final status and retries until NATS answers: accepted, adopted or refused. A result is never dropped because it is
// late; each one occupies its slot, which limits how many results a worker can hold.

import { sleep } from '../async/sleep.ts';
import { backoffCeiling } from '../job/backoff.ts';
import { targetOf } from '../job/target.ts';
import type { Sequence, TaskWrite, Used } from '../job/task.ts';
import type { WriteOutcome } from '../ports/jobLog.ts';
import { noTracer, withSpan } from '../telemetry/tracing/tracer.ts';
import { adopt, isSameState } from './adopt.ts';
import type { WorkerContext } from './context.ts';
import { finalWrite } from './finalWrite.ts';
import type { Claim, Report, WrittenEnding } from './pipeline.ts';
import { transientBackoff, isTransient } from './transientErrors.ts';

/** Writes the final status of the attempt. Never rejects. */
export async function report(claim: Claim, ending: WrittenEnding, context: WorkerContext): Promise<Report> {
  const { tracer = noTracer } = context.options;
  const span = tracer.start('write status', { parent: claim.span?.context, kind: 'producer' });
  return withSpan(span, async () => {
    const reported = await written(claim, ending, context);
    span.set({ 'genwarden.state': reported.write.state.state, 'genwarden.write': reported.outcome });
    return reported;
  });
}

async function written(claim: Claim, ending: WrittenEnding, context: WorkerContext): Promise<Report> {
  const { clock, provider, random = Math.random } = context.options;
  const used: Used = { ...targetOf(claim.state), provider: provider.name };
  let write = withUsed(finalWrite(claim, ending, clock.now(), random()), used);
  let expected = claim.sequence;
  for (;;) {
    const answer = await answerTo(write, expected, context);
    if (answer === undefined) return { outcome: 'unanswered', write };
    const { last } = answer.outcome === 'refused' ? answer : { last: undefined };
    const isOurs = last !== undefined && last.sequence > expected && isSameState(last.state, write.state);
    if (answer.outcome === 'written' || isOurs) {
      return { outcome: expected === claim.sequence ? 'accepted' : 'adopted', write };
    }
    // Terminates, because each further write expects a newer last message.
    const adoption = adopt(claim, ending, last, clock.now());
    if (adoption === undefined) return { outcome: 'refused', write, by: last?.state.reason ?? 'Deleted' };
    write = withUsed(adoption.write, used);
    expected = adoption.expected;
  }
}

const withUsed = <Write extends TaskWrite>(write: Write, used: Used): Write => ({
  ...write,
  detail: { ...write.detail, used },
});

/** The number of errors that are not transient after which the worker gives up and leaves the task to the controller. */
const maxFaults = 5;

/** Waits for the stream's answer without a time limit; undefined if the worker ends first or the write cannot succeed. */
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
      if (faults >= maxFaults) return undefined;
      await sleep(backoffCeiling(tries, transientBackoff), ended);
    }
  }
  return undefined;
}

// A structured answer that cannot be used, and the second request that shows the model what is wrong with it.

import { AttemptFailed, type PaidUsage } from '../../job/errors/index.ts';
import type { GenerateContext, Generated } from '../../ports/provider.ts';
import { failedAnswer, noUsage, type AnswerFacts } from './failedAnswer.ts';

/** A structured answer that is not valid; the model may repair it. */
export class InvalidDocument extends AttemptFailed {
  /** The model's answer. */
  readonly text: string;
  /** What is wrong with it, as the end of a sentence that starts with the answer. */
  readonly problem: string;

  constructor(text: string, problem: string, answer: AnswerFacts) {
    const { error, usage } = failedAnswer('OutputInvalid', `The answer cannot be used: ${problem}`, answer);
    super(error, usage === undefined ? {} : { usage });
    this.text = text;
    this.problem = problem;
  }
}

/** What the second request says to the model after its own answer. */
export const repairWords = (problem: string): string =>
  `Your answer cannot be used: ${problem}. Answer again with the corrected JSON document only, which matches the schema.`;

/**
 * Asks once, and once more if the answer is an `InvalidDocument` and the limits of the key allow it. Fails like the first request
 * if the second does not help.
 */
export async function withRepair(
  ask: (invalid: InvalidDocument | undefined) => Promise<Generated>,
  { signal, anotherCall }: Pick<GenerateContext, 'signal' | 'anotherCall'>,
): Promise<Generated> {
  try {
    return await ask(undefined);
  } catch (error) {
    if (!(error instanceof InvalidDocument) || !(await anotherCall())) throw error;
    return await repaired(ask, error, signal);
  }
}

async function repaired(
  ask: (invalid: InvalidDocument) => Promise<Generated>,
  first: InvalidDocument,
  signal: AbortSignal,
): Promise<Generated> {
  try {
    const made = await ask(first);
    const provenance = { ...made.provenance, repaired: true };
    return { ...made, usage: sum(first.usage, made.usage), provenance, calls: 2 };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof AttemptFailed)) throw error;
    const outcome = error instanceof InvalidDocument ? `the repair failed too: ${error.problem}` : error.message;
    const message = `${first.message} (asked once more: ${outcome})`;
    throw new AttemptFailed(
      { ...first.error, message: message.slice(0, 600) },
      { usage: sum(first.usage, error.usage) },
    );
  }
}

function sum(one: PaidUsage = noUsage, other: PaidUsage = noUsage): PaidUsage {
  return {
    inputTokens: one.inputTokens + other.inputTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    images: one.images + other.images,
  };
}

// What becomes of an answer by its finish reason: one table, which docs/gemini.md explains.

import type { TaskErrorCode } from '../../job/errors/index.ts';

export interface FinishPolicy {
  /** The code of an answer that ends this way without output, and of any answer if `withholds`. */
  readonly code: Extract<TaskErrorCode, 'OutputRefused' | 'OutputTruncated' | 'NoOutput' | 'ProviderResponseInvalid'>;
  /** Output that came along is not used: the provider withheld the rest, or the answer is incomplete. */
  readonly withholds: boolean;
  /** Instead of the catalogue's. */
  readonly hint?: string;
}

/** The policy for a finish reason; an unknown one is judged by its name. */
export function finishPolicy(reason: string): FinishPolicy {
  const known = Object.hasOwn(policies, reason) ? policies[reason] : undefined;
  if (known !== undefined) return known;
  return /SAFETY|PROHIBITED|BLOCK/.test(reason) ? refused() : noOutput;
}

const refused = (hint?: string): FinishPolicy => ({
  code: 'OutputRefused',
  withholds: true,
  ...(hint === undefined ? {} : { hint }),
});
const incomplete = (hint?: string): FinishPolicy => ({
  code: 'ProviderResponseInvalid',
  withholds: true,
  ...(hint === undefined ? {} : { hint }),
});
const noOutput: FinishPolicy = { code: 'NoOutput', withholds: false };

const safety =
  "Change the prompt or the references: the result violated the provider's safety rules. The check varies from try to try, so `genwarden retry` may succeed.";
const prohibited =
  'Change the prompt or the references: the provider generates no such content, and a retry will not change that.';
const recitation =
  'Ask for something less close to an existing work: do not name or quote it, and describe what the result should show in your own words.';
const noTools = 'Remove function declarations from providerOptions.tools: Genwarden does not run tools.';

const policies: Readonly<Record<string, FinishPolicy>> = {
  STOP: noOutput,
  FINISH_REASON_UNSPECIFIED: noOutput,
  OTHER: noOutput,
  // Often noise: the same request succeeds the next time.
  NO_IMAGE: noOutput,
  IMAGE_OTHER: noOutput,
  MAX_TOKENS: { code: 'OutputTruncated', withholds: false },
  SAFETY: refused(safety),
  IMAGE_SAFETY: refused(safety),
  PROHIBITED_CONTENT: refused(prohibited),
  IMAGE_PROHIBITED_CONTENT: refused(prohibited),
  BLOCKLIST: refused('Change the prompt: the result contains a term that the provider blocks.'),
  SPII: refused('Change the prompt: the result contains personal data, such as addresses or identity numbers.'),
  RECITATION: refused(recitation),
  IMAGE_RECITATION: refused(recitation),
  LANGUAGE: refused('Write the prompt, and request the answer, in a language that the model supports.'),
  JAILBREAK: refused(prohibited),
  MODEL_ARMOR: refused("Change the prompt or the references, or the project's Model Armor policy."),
  CONTINUATION: incomplete(),
  MALFORMED_RESPONSE: incomplete(),
  MALFORMED_FUNCTION_CALL: incomplete(noTools),
  UNEXPECTED_TOOL_CALL: incomplete(noTools),
  TOO_MANY_TOOL_CALLS: incomplete(noTools),
};

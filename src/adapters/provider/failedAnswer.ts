// Errors of an answer with status 200: what the provider says about it, what was paid, and which documents cannot be used.

import {
  AttemptFailed,
  taskError,
  type PaidUsage,
  type TaskErrorCode,
  type TaskErrorDetails,
} from '../../job/errors/index.ts';
import type { Received } from './exchange.ts';

/** What every error of an answer carries. */
export interface AnswerFacts {
  readonly usage: PaidUsage;
  /** The provider's word for how the answer ended, such as `SAFETY` or `max_output_tokens`. */
  readonly reason: string | undefined;
}

export const noUsage: PaidUsage = { inputTokens: 0, outputTokens: 0, images: 0 };

export function failedAnswer(
  code: TaskErrorCode,
  message: string,
  { reason, usage }: AnswerFacts,
  details: TaskErrorDetails = {},
): AttemptFailed {
  const provider = { status: 200, ...(reason === undefined ? {} : { code: reason }) };
  return new AttemptFailed(taskError(code, message.slice(0, 600).toWellFormed(), { provider, ...details }), { usage });
}

/** A success that is not an answer of the provider's interface: a server between may have sent it. */
export function anotherAnswer(provider: string, { status, body }: Pick<Received, 'status' | 'body'>): AttemptFailed {
  const shown = JSON.stringify(body.slice(0, 80));
  const message = `${provider} answered ${status}, but not with an answer of its interface: it starts with ${shown}`;
  return new AttemptFailed(taskError('ProviderResponseInvalid', message), { usage: noUsage });
}

/** The provider's words, then the beginning of the model's. */
export function explained(providerWords: string | undefined, modelWords: string): string {
  const provider = providerWords === undefined ? '' : `: ${providerWords.slice(0, 300)}`;
  if (modelWords === '') return provider;
  const shown = modelWords.length > 200 ? `${modelWords.slice(0, 199).toWellFormed()}…` : modelWords;
  return `${provider}${/[.!?]$/.test(provider) ? '' : '.'} The model wrote: ${JSON.stringify(shown)}`;
}

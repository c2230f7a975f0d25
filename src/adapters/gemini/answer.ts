// Reads an answer with status 200, which may still be a refusal: its output, or why it has none.

import type { AttemptFailed, TaskErrorCode, TaskErrorDetails } from '../../job/errors/index.ts';
import type { Generated, GenerateRequest } from '../../ports/provider.ts';
import { documentOf } from '../provider/document.ts';
import { explained, failedAnswer, type AnswerFacts } from '../provider/failedAnswer.ts';
import { finishPolicy } from './finishReasons.ts';
import type { ImageData } from '../provider/imageData.ts';
import { picturesOf, withoutPictures, type Pictures } from './pictures.ts';
import type { RawAnswer } from './rawAnswer.ts';
import type { SchemaCheck } from '../provider/schema.ts';

export interface Readers {
  readonly check: SchemaCheck | undefined;
  readonly bytesOf: ImageData['bytesOf'];
}

/** The model's output. Throws `AttemptFailed` for a refusal, an empty answer, or output of the wrong kind. */
export async function readAnswer(
  answer: RawAnswer,
  request: GenerateRequest,
  { check, bytesOf }: Readers,
): Promise<Generated> {
  if (!answer.hasCandidate) throw withoutCandidate(answer);
  const made = await outputOf(answer, request, { check, bytesOf });
  return answer.flags.length === 0 ? made : { ...made, flags: answer.flags };
}

async function outputOf(answer: RawAnswer, request: GenerateRequest, { check, bytesOf }: Readers): Promise<Generated> {
  const text = answer.parts.map((part) => part.text).join('');
  if (request.kind === 'image') return imagesFrom(answer, request, text, picturesOf(answer.parts, bytesOf));
  throwUnlessUsable(answer, request, text, text !== '');
  const cutOff = answer.finishReason === 'MAX_TOKENS' ? truncated(answer, request) : undefined;
  if (check !== undefined) {
    const facts = { ...factsOf(answer), provenance: answer.provenance, truncated: cutOff };
    return await documentOf(text, facts, check);
  }
  if (cutOff !== undefined) throw cutOff;
  return { images: [], output: text, usage: answer.usage, provenance: answer.provenance };
}

function imagesFrom(answer: RawAnswer, request: GenerateRequest, text: string, pictures: Pictures): Generated {
  const { images, unreadable } = pictures;
  const words = withoutPictures(text);
  if (images.length === 0 && unreadable > 0 && !finishPolicy(reasonOf(answer)).withholds) {
    throw failed('ProviderResponseInvalid', "The answer's image data is not an image", answer);
  }
  throwUnlessUsable(answer, request, words, images.length > 0);
  const comment = words === '' ? {} : { text: words.slice(0, 2_000) };
  const usage = { ...answer.usage, images: images.length };
  return { images, output: null, usage, provenance: { ...answer.provenance, ...comment } };
}

function withoutCandidate(answer: RawAnswer): AttemptFailed {
  const { blockReason, blockMessage } = answer;
  const why = blockMessage === undefined ? '' : `: ${blockMessage}`;
  if (blockReason === undefined) return failed('NoOutput', `The answer has no candidate${why}`, answer);
  return failed('PromptRefused', `The provider refused the prompt (${blockReason})${why}`, answer);
}

function throwUnlessUsable(answer: RawAnswer, request: GenerateRequest, words: string, hasOutput: boolean): void {
  const reason = reasonOf(answer);
  const { code, withholds, hint } = finishPolicy(reason);
  if (hasOutput && !withholds) return;
  if (code === 'OutputTruncated') throw truncated(answer, request);
  const what = whatHappened[code](request.kind);
  const message = `${what} (${reason})${explained(answer.finishMessage, words)}`;
  throw failed(code, message, answer, hint === undefined ? {} : { hint });
}

const whatHappened = {
  OutputRefused: () => 'The provider withheld the output',
  NoOutput: (kind: GenerateRequest['kind']) => `The answer has no ${kind}`,
  ProviderResponseInvalid: () => 'The answer is incomplete',
} as const;

/** With the job's own limit, the next answer would be truncated as well, and each answer is billed. */
function truncated(answer: RawAnswer, { input }: GenerateRequest): AttemptFailed {
  const limit = input.providerOptions?.['maxOutputTokens'];
  if (limit === undefined)
    return failed('OutputTruncated', 'The answer was cut off at the output limit of the model', answer);
  return failed(
    'OutputTruncated',
    `The answer was cut off at providerOptions.maxOutputTokens, ${JSON.stringify(limit)}`,
    answer,
    {
      retryable: false,
      hint: 'Raise providerOptions.maxOutputTokens, or request a shorter answer. Thoughts count as output too.',
    },
  );
}

const reasonOf = ({ finishReason }: RawAnswer): string => finishReason ?? 'STOP';

function failed(
  code: TaskErrorCode,
  message: string,
  answer: RawAnswer,
  details: TaskErrorDetails = {},
): AttemptFailed {
  return failedAnswer(code, message, factsOf(answer), details);
}

const factsOf = ({ usage, finishReason, blockReason }: RawAnswer): AnswerFacts => ({
  usage,
  reason: finishReason ?? blockReason,
});

// Reads an answer with status 200, which may still be a refusal: its output, or why it has none.

import { AttemptFailed, taskError, type TaskErrorCode, type TaskErrorDetails } from '../../job/errors/index.ts';
import type { InexactNumber } from '../../job/jsonNumbers.ts';
import type { Generated, GenerateRequest } from '../../ports/provider.ts';
import { documentIn } from './document.ts';
import { finishPolicy } from './finishReasons.ts';
import type { ImageData } from './imageData.ts';
import { picturesOf, withoutPictures, type Pictures } from './pictures.ts';
import type { RawAnswer } from './rawAnswer.ts';
import type { SchemaCheck } from './schema.ts';

export interface Readers {
  readonly check: SchemaCheck | undefined;
  readonly bytesOf: ImageData['bytesOf'];
}

/** A structured answer that is not valid; the model may repair it. */
export class InvalidDocument extends AttemptFailed {
  /** The model's answer. */
  readonly text: string;
  /** What is wrong with it, as the end of a sentence that starts with the answer. */
  readonly problem: string;

  constructor(text: string, problem: string, answer: RawAnswer) {
    const { error, usage } = failed('OutputInvalid', `The answer cannot be used: ${problem}`, answer);
    super(error, usage === undefined ? {} : { usage });
    this.text = text;
    this.problem = problem;
  }
}

/** The model's output. Throws `AttemptFailed` for a refusal, an empty answer, or output of the wrong kind. */
export async function readAnswer(
  answer: RawAnswer,
  request: GenerateRequest,
  { check, bytesOf }: Readers,
): Promise<Generated> {
  if (!answer.hasCandidate) throw withoutCandidate(answer);
  const text = answer.parts.map((part) => part.text).join('');
  if (request.kind === 'image') return imagesFrom(answer, request, text, picturesOf(answer.parts, bytesOf));
  throwUnlessUsable(answer, request, text, text !== '');
  if (check !== undefined) return await documentFrom(answer, request, text, check);
  if (answer.finishReason === 'MAX_TOKENS') throw truncated(answer, request);
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

async function documentFrom(
  answer: RawAnswer,
  request: GenerateRequest,
  text: string,
  check: SchemaCheck,
): Promise<Generated> {
  const { usage, provenance } = answer;
  const found = await documentIn(text, check);
  if (answer.finishReason === 'MAX_TOKENS' && !(found.kind === 'valid' && found.isWhole))
    throw truncated(answer, request);
  switch (found.kind) {
    case 'valid': {
      const about = found.isWhole ? provenance : { ...provenance, recovered: true };
      return { images: [], output: found.value, usage, provenance: about };
    }
    case 'inexact':
      throw inexact(found.number, answer);
    case 'invalid':
      throw new InvalidDocument(text, found.problem, answer);
    case 'uncheckable':
      throw failed('SchemaUncheckable', `The answer could not be checked: input.schema ${found.problem}`, answer);
    default:
      return found satisfies never;
  }
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

/** The provider's words, then the beginning of the model's. */
function explained(finishMessage: string | undefined, words: string): string {
  const provider = finishMessage === undefined ? '' : `: ${finishMessage.slice(0, 300)}`;
  if (words === '') return provider;
  const shown = words.length > 200 ? `${words.slice(0, 199).toWellFormed()}…` : words;
  return `${provider}${/[.!?]$/.test(provider) ? '' : '.'} The model wrote: ${JSON.stringify(shown)}`;
}

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

/** An integer would come again; 1e999 is more often a slip of the model. */
function inexact({ path, source }: InexactNumber, answer: RawAnswer): AttemptFailed {
  const place = path === '' ? 'The number' : `The number at ${path}`;
  const digits = source.length > 60 ? `${source.slice(0, 60)}…` : source;
  return failed('OutputInvalid', `${place} of the answer, ${digits}, cannot be kept exactly`, answer, {
    hint: 'Declare the field as a string in input.schema.',
    ...(/^-?\d+$/.test(source) ? { retryable: false } : {}),
  });
}

const reasonOf = ({ finishReason }: RawAnswer): string => finishReason ?? 'STOP';

function failed(
  code: TaskErrorCode,
  message: string,
  { finishReason, blockReason, usage }: RawAnswer,
  details: TaskErrorDetails = {},
): AttemptFailed {
  const reason = finishReason ?? blockReason;
  const provider = { status: 200, ...(reason === undefined ? {} : { code: reason }) };
  return new AttemptFailed(taskError(code, message.slice(0, 600).toWellFormed(), { provider, ...details }), { usage });
}

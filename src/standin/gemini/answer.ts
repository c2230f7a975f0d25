// The bodies of successful answers, and of refusals, which the real service sends with status 200.

import { createHash } from 'node:crypto';
import { piecesOfText, writtenText } from '../writing.ts';
import type { Behaviour } from '../behaviour.ts';
import { checkAnswerTo } from '../checkAnswer.ts';
import type { GenerateRequest } from './generateRequest.ts';
import type { Picture } from '../picture.ts';

type Part = { text: string } | { inlineData: { mimeType: string; data: string } };
export interface Answer {
  candidates?: {
    content?: { role: 'model'; parts: Part[] };
    finishReason?: string;
    finishMessage?: string;
    safetyRatings?: { category: string; probability: string }[];
    index: 0;
  }[];
  promptFeedback?: { blockReason: string };
  usageMetadata: { promptTokenCount: number; candidatesTokenCount?: number; totalTokenCount: number };
  modelVersion: string;
  responseId: string;
}

export function imageAnswer(request: GenerateRequest, picture: Picture): Answer {
  const image = { inlineData: { mimeType: picture.mimeType, data: picture.bytes.toString('base64') } };
  const text = { text: 'Here is the picture.' };
  return finished(request, request.wantsText ? [text, image] : [image], 'STOP', 1290);
}

export function textAnswer(request: GenerateRequest, behaviour: Behaviour): Answer {
  const { json } = request;
  const written = behaviour.kind === 'write' ? writtenText(behaviour.characters) : undefined;
  const text =
    json === undefined ? (written ?? sentence(request)) : JSON.stringify(checkAnswerTo(json, behaviour), null, 1);
  return finished(request, [{ text }], 'STOP', tokensOf(text));
}

/** The answer with safety ratings as the real service sends them: one is not negligible. */
export function rated({ candidates = [], ...answer }: Answer): Answer {
  const safetyRatings = [
    { category: 'HARM_CATEGORY_HATE_SPEECH', probability: 'NEGLIGIBLE' },
    { category: 'HARM_CATEGORY_HARASSMENT', probability: 'MEDIUM' },
  ];
  return { candidates: candidates.map((candidate) => ({ ...candidate, safetyRatings })), ...answer };
}

/** Finished normally, but without an image. */
export function noImageAnswer(request: GenerateRequest): Answer {
  const text = 'I can describe the picture, but I did not draw it.';
  return finished(request, [{ text }], 'STOP', tokensOf(text));
}

export function continuationAnswer(request: GenerateRequest): Answer {
  return finished(request, [{ text: 'To be continued' }], 'CONTINUATION', 3);
}

export function refusedPrompt(request: GenerateRequest, blockReason: string): Answer {
  return { promptFeedback: { blockReason }, ...closing(request, undefined) };
}

export function refusedOutput(request: GenerateRequest, finishReason: string): Answer {
  const finishMessage = `Unable to show the generated image (${finishReason}).`;
  return { candidates: [{ finishReason, finishMessage, index: 0 }], ...closing(request, undefined) };
}

/** No candidate and no reason, as the real service sometimes answers. */
export function emptyAnswer(request: GenerateRequest): Answer {
  return closing(request, undefined);
}

/** The chunks of a streamed answer: one for each part, several for a text; only the last has the finish reason. */
export function piecesOf(answer: Answer): Answer[] {
  const [candidate] = answer.candidates ?? [];
  if (candidate?.content === undefined) return [answer];
  const parts = candidate.content.parts.flatMap((part): Part[] =>
    'text' in part ? piecesOfText(part.text).map((text) => ({ text })) : [part],
  );
  return parts.map((part, at) => {
    const content = { role: 'model' as const, parts: [part] };
    const isLast = at === parts.length - 1;
    const next = isLast ? { finishReason: 'STOP', ...candidate, content } : { content, index: 0 as const };
    return { ...answer, candidates: [next] };
  });
}

function finished(request: GenerateRequest, parts: Part[], finishReason: string, outputTokens: number): Answer {
  const candidate = { content: { role: 'model' as const, parts }, finishReason, index: 0 as const };
  return { candidates: [candidate], ...closing(request, outputTokens) };
}

function closing(request: GenerateRequest, outputTokens: number | undefined): Omit<Answer, 'candidates'> {
  const promptTokenCount = tokensOf(request.prompt) + 258 * request.references.length;
  const output = outputTokens === undefined ? {} : { candidatesTokenCount: outputTokens };
  return {
    usageMetadata: { promptTokenCount, ...output, totalTokenCount: promptTokenCount + (outputTokens ?? 0) },
    modelVersion: request.model,
    responseId: idOf(request),
  };
}

function tokensOf(text: string): number {
  return Math.max(1, Math.ceil(text.length / 4));
}

function sentence(request: GenerateRequest): string {
  return `The stand-in answers ${tokensOf(request.prompt)} tokens with this sentence (${idOf(request).slice(0, 6)}).`;
}

/** Derived from the request, so that the same request gives the same bytes. */
function idOf(request: GenerateRequest): string {
  const hash = createHash('sha256').update(JSON.stringify([request.model, request.prompt, request.seed ?? null]));
  for (const reference of request.references) hash.update(reference);
  return hash.digest('base64url').slice(0, 22);
}

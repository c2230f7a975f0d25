// The bodies of successful answers, and of refusals, which the real service sends with status 200.

import { createHash } from 'node:crypto';
import { answerTo } from './schemaAnswer.ts';
import type { Ask } from './ask.ts';
import type { Picture } from './picture.ts';

type Part = { text: string } | { inlineData: { mimeType: string; data: string } };
export interface Answer {
  candidates?: {
    content?: { role: 'model'; parts: Part[] };
    finishReason?: string;
    finishMessage?: string;
    index: 0;
  }[];
  promptFeedback?: { blockReason: string };
  usageMetadata: { promptTokenCount: number; candidatesTokenCount?: number; totalTokenCount: number };
  modelVersion: string;
  responseId: string;
}

export function imageAnswer(ask: Ask, picture: Picture): Answer {
  const image = { inlineData: { mimeType: picture.mimeType, data: picture.bytes.toString('base64') } };
  const text = { text: 'Here is the picture.' };
  return finished(ask, ask.wantsText ? [text, image] : [image], 'STOP', 1290);
}

export function textAnswer(ask: Ask): Answer {
  const text = ask.json === undefined ? sentence(ask) : JSON.stringify(answerTo(ask.json), null, 1);
  return finished(ask, [{ text }], 'STOP', tokensOf(text));
}

/** Finished normally, but without an image. */
export function noImageAnswer(ask: Ask): Answer {
  const text = 'I can describe the picture, but I did not draw it.';
  return finished(ask, [{ text }], 'STOP', tokensOf(text));
}

export function continuationAnswer(ask: Ask): Answer {
  return finished(ask, [{ text: 'To be continued' }], 'CONTINUATION', 3);
}

export function refusedPrompt(ask: Ask, blockReason: string): Answer {
  return { promptFeedback: { blockReason }, ...closing(ask, undefined) };
}

export function refusedOutput(ask: Ask, finishReason: string): Answer {
  const finishMessage = `Unable to show the generated image (${finishReason}).`;
  return { candidates: [{ finishReason, finishMessage, index: 0 }], ...closing(ask, undefined) };
}

/** No candidate and no reason, as the real service sometimes answers. */
export function emptyAnswer(ask: Ask): Answer {
  return closing(ask, undefined);
}

/** The chunks of a streamed answer: one for each part, two for a text; only the last has the finish reason. */
export function piecesOf(answer: Answer): Answer[] {
  const [candidate] = answer.candidates ?? [];
  if (candidate?.content === undefined) return [answer];
  const parts = candidate.content.parts.flatMap((part) => ('text' in part ? halves(part.text) : [part]));
  return parts.map((part, at) => {
    const content = { role: 'model' as const, parts: [part] };
    const end = at < parts.length - 1 ? {} : { finishReason: candidate.finishReason ?? 'STOP' };
    return { ...answer, candidates: [{ content, ...end, index: 0 as const }] };
  });
}

function halves(text: string): Part[] {
  const middle = Math.ceil(text.length / 2);
  return [text.slice(0, middle), text.slice(middle)].filter((half) => half !== '').map((half) => ({ text: half }));
}

function finished(ask: Ask, parts: Part[], finishReason: string, outputTokens: number): Answer {
  const candidate = { content: { role: 'model' as const, parts }, finishReason, index: 0 as const };
  return { candidates: [candidate], ...closing(ask, outputTokens) };
}

function closing(ask: Ask, outputTokens: number | undefined): Omit<Answer, 'candidates'> {
  const promptTokenCount = tokensOf(ask.prompt) + 258 * ask.references.length;
  const output = outputTokens === undefined ? {} : { candidatesTokenCount: outputTokens };
  return {
    usageMetadata: { promptTokenCount, ...output, totalTokenCount: promptTokenCount + (outputTokens ?? 0) },
    modelVersion: ask.model,
    responseId: idOf(ask),
  };
}

function tokensOf(text: string): number {
  return Math.max(1, Math.ceil(text.length / 4));
}

function sentence(ask: Ask): string {
  return `The stand-in answers ${tokensOf(ask.prompt)} tokens with this sentence (${idOf(ask).slice(0, 6)}).`;
}

/** Derived from the request, so that the same request gives the same bytes. */
function idOf(ask: Ask): string {
  const hash = createHash('sha256').update(JSON.stringify([ask.model, ask.prompt, ask.seed ?? null]));
  for (const reference of ask.references) hash.update(reference);
  return hash.digest('base64url').slice(0, 22);
}

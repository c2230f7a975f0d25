// Joins the events of a streamed answer of Gemini to the body of an answer that was not streamed. Each event is such a body, with
// the next part of the text.

import type { PaidUsage } from '../../job/errors/index.ts';
import type { StreamedAnswer } from '../provider/eventStream.ts';
import { fieldsOf, jsonOfEvent, type Fields } from '../provider/looseJson.ts';
import { flagIn, isErrorBody, rawAnswerOf } from './rawAnswer.ts';

export interface GeminiStream extends StreamedAnswer {
  /** What the events so far say about usage; undefined before the first one. */
  usage(): PaidUsage | undefined;
}

/** `onText` receives the text without thoughts. */
export function streamedAnswer(onText: (piece: string) => void): GeminiStream {
  let error: string | undefined;
  let joined: Fields | undefined;
  const texts: string[] = [];
  let kept = 0;
  const add = (value: object): void => {
    joined = joinedWith(joined ?? {}, value as Fields);
    const text = (rawAnswerOf(value)?.parts ?? []).map((part) => part.text).join('');
    if (text === '' || candidateOf(value as Fields) === undefined) return;
    texts.push(text);
    kept += text.length;
    onText(text);
  };
  const whole = (): string => JSON.stringify(withText(joined!, texts.splice(0).join('')));
  return {
    take: (data) => {
      if (data === '[DONE]') return true;
      const value = jsonOfEvent(data);
      if (isErrorBody(value)) error = data;
      else if (typeof value === 'object' && value !== null) add(value);
      return error === undefined;
    },
    kept: () => kept,
    body: (rest) => {
      if (error !== undefined) return error;
      const unstreamed = valueOf(rest);
      // An error in the middle of a stream is no event.
      if (isErrorBody(unstreamed)) return rest;
      if (joined !== undefined) {
        throwUnlessFinished(joined);
        return whole();
      }
      // Some gateways answer with a list of all events, or do not stream.
      if (!Array.isArray(unstreamed)) return rest;
      for (const value of unstreamed as unknown[]) if (typeof value === 'object' && value !== null) add(value);
      return joined === undefined ? rest : whole();
    },
    usage: () => (joined === undefined ? undefined : rawAnswerOf(joined)?.usage),
  };
}

function valueOf(text: string): unknown {
  try {
    return text.trim() === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A later event replaces what an earlier one said, apart from the text and from safety ratings against it. */
function joinedWith(joined: Fields, event: Fields): Fields {
  const candidate = candidateOf(event) ?? {};
  const safetyRatings = ratingsIn(candidateOf(joined), candidate);
  const hasCandidate = (candidateOf(joined) ?? candidateOf(event)) !== undefined;
  return {
    ...joined,
    ...present(event),
    ...(hasCandidate ? { candidates: [{ ...candidateOf(joined), ...present(candidate), safetyRatings }] } : {}),
    usageMetadata: { ...fieldsOf(joined['usageMetadata']), ...fieldsOf(event['usageMetadata']) },
  };
}

/** Each rating against the answer once, so that a long stream keeps few. */
function ratingsIn(...candidates: readonly (Fields | undefined)[]): readonly unknown[] {
  const all = candidates.flatMap((candidate) => {
    const ratings: unknown = candidate?.['safetyRatings'];
    return Array.isArray(ratings) ? ratings.map(fieldsOf) : [];
  });
  return [...new Map(all.flatMap((rating) => flagIn(rating).map((flag) => [flag, rating] as const))).values()];
}

/** Some gateways send `"finishReason": null` until the last event. */
const present = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, one]) => one !== null));

function candidateOf({ candidates }: Fields): Fields | undefined {
  const all: readonly unknown[] = Array.isArray(candidates) ? candidates : [];
  return all.map(fieldsOf).find(({ index = 0 }) => index === 0);
}

function withText(joined: Fields, text: string): Fields {
  const candidate = candidateOf(joined);
  if (candidate === undefined) return joined;
  return { ...joined, candidates: [{ ...candidate, content: { role: 'model', parts: [{ text }] } }] };
}

/** A proxy that loses its own connection may end the stream as if it were complete. */
function throwUnlessFinished(joined: Fields): void {
  const candidate = candidateOf(joined);
  if (candidate === undefined || (candidate['finishReason'] ?? undefined) !== undefined) return;
  throw new Error('the stream ended before the answer was complete: it has no finish reason');
}

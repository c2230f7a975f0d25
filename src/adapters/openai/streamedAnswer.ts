// Joins the events of a streamed answer of OpenAI to the body of an answer that was not streamed: the event that ends the answer
// holds the whole of it.

import type { StreamedAnswer } from '../provider/eventStream.ts';
import { fieldsOf, jsonOfEvent } from '../provider/looseJson.ts';

/** `onText` receives the text without reasoning. */
export function streamedAnswer(onText: (piece: string) => void): StreamedAnswer {
  let last: string | undefined;
  return {
    take: (data) => {
      if (data === '[DONE]') return true;
      const event = fieldsOf(jsonOfEvent(data));
      const { type, delta, error } = event;
      if (type === 'response.output_text.delta' && typeof delta === 'string' && delta !== '') onText(delta);
      if (isEnd(type)) last = JSON.stringify(event['response']);
      // A gateway may send an error of its interface, without a type.
      else if (type === 'error' || (type === undefined && error !== undefined))
        last = JSON.stringify({ error: error ?? event });
      return last === undefined;
    },
    kept: () => last?.length ?? 0,
    body: (rest) => {
      if (last !== undefined) return last;
      // Some gateways do not stream.
      if (rest.trim() !== '') return rest;
      throw new Error('the stream ended before the answer did');
    },
  };
}

const isEnd = (type: unknown): boolean =>
  type === 'response.completed' || type === 'response.incomplete' || type === 'response.failed';

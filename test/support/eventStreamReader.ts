// Reads an event stream over HTTP as a client would.

import { expect, onTestFinished } from 'vitest';
import { until } from './until.ts';

export interface Received {
  readonly event: string;
  readonly id: string | undefined;
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly data: any;
}

/** Reads until the test ends or `stop` is called. */
export class EventStreamReader {
  readonly received: Received[] = [];
  comments = 0;
  ended = false;
  readonly #stop = new AbortController();

  static async open(url: string, lastEventId?: string, token = 'any'): Promise<EventStreamReader> {
    const reader = new EventStreamReader();
    onTestFinished(() => reader.stop());
    const authorization = `Bearer ${token}`;
    const headers = { authorization, ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }) };
    const response = await fetch(url, { headers, signal: reader.#stop.signal });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    void reader.#read(response).catch(() => undefined);
    return reader;
  }

  stop(): void {
    this.#stop.abort();
  }

  of(...events: string[]): Received[] {
    return this.received.filter(({ event }) => events.includes(event));
  }

  async until(fits: (received: Received[]) => boolean, what: string): Promise<Received[]> {
    await until(() => fits(this.received), { what });
    return this.received;
  }

  async #read(response: Response): Promise<void> {
    let text = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const blocks = text.split('\n\n');
      text = blocks.pop()!;
      for (const block of blocks) this.#take(block);
    }
    this.ended = true;
  }

  #take(text: string): void {
    // The first line of a stream says when to reconnect.
    const block = text.replace(/^retry: \d+\n/, '');
    if (block.startsWith(':')) {
      this.comments += 1;
      return;
    }
    const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/, 2) as [string, string]));
    const data: unknown = JSON.parse(fields.get('data')!);
    this.received.push({ event: fields.get('event')!, id: fields.get('id'), data });
  }
}

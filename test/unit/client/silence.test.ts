// Connections on which nothing arrives: how long the client waits for each, with a scripted `fetch` and fake time.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Silence } from '../../../src/client/http/silence.ts';
import { done, hangs, job, scripted, settled, type Scripted } from './scriptedFetch.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('connections on which nothing arrives', () => {
  test('time out after a minute, or after `timeoutMs`', async () => {
    for (const [options, seconds] of [
      [{}, 60],
      [{ timeoutMs: 5_000 }, 5],
    ] as const) {
      const { client, asked } = scripted([hangs], { ...options, giveUpAfterMs: 0 });
      const message = `No answer from http://api.test: nothing arrived for ${seconds} s`;
      await expect(settled(client.get('j'))).rejects.toMatchObject({ code: 'Timeout', message, mayHaveApplied: false });
      expect(Date.now() - asked[0]!.at).toBe(seconds * 1_000);
    }
  });

  test('an answer whose body hangs times out too', async () => {
    const stuck: Scripted = ({ signal }) => {
      const body = new ReadableStream({
        start: (controller) => signal.addEventListener('abort', () => controller.error(signal.reason)),
      });
      return new Response(body, { headers: { 'content-type': 'application/json' } });
    };
    const { client, asked } = scripted([stuck, done], { timeoutMs: 5_000 });
    expect(await settled(client.get('j'))).toEqual(job);
    expect(asked).toHaveLength(2);
  });

  test('an event stream that is silent for 45 s is opened again after its last event', async () => {
    const text = (event: string, id: string, state: string): string =>
      `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify({ id: 'j', state })}\n\n`;
    const streaming =
      (...events: string[]): Scripted =>
      ({ signal }) => {
        const body = new ReadableStream<Uint8Array>({
          start: (controller) => {
            for (const event of events) controller.enqueue(new TextEncoder().encode(event));
            signal.addEventListener('abort', () => controller.error(signal.reason));
          },
        });
        return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
      };
    const first = streaming(text('snapshot', 'e-1', 'running'));
    const { client, asked } = scripted([first, streaming(text('job', 'e-2', 'succeeded'))]);
    const events = await settled(Array.fromAsync(client.events('j')));
    expect(events.map(({ event }) => event)).toEqual(['snapshot', 'job']);
    expect(asked.map(({ headers }) => headers.get('last-event-id'))).toEqual([null, 'e-1']);
    expect(asked[1]!.at - asked[0]!.at).toBeGreaterThanOrEqual(45_000);
  });

  test('the time that a caller takes between two pieces of a download does not count', async () => {
    const silence = new Silence(5_000, undefined);
    await vi.advanceTimersByTimeAsync(4_000);
    silence.pause();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(silence.signal.aborted).toBe(false);
    silence.heard();
    await vi.advanceTimersByTimeAsync(5_000);
    expect([silence.expired, silence.signal.aborted]).toEqual([true, true]);
  });

  test('an upload has a second more for every 32 KiB', async () => {
    const { client, asked } = scripted([hangs], { timeoutMs: 5_000, giveUpAfterMs: 0 });
    const upload = client.uploadReference(new Uint8Array(10 * 32_768), 'image/png');
    await expect(settled(upload)).rejects.toMatchObject({ code: 'Timeout' });
    expect(Date.now() - asked[0]!.at).toBe(15_000);
  });

  test('the API is asked to answer a wait before the connection counts as dead', async () => {
    const running = Response.json({ ...job, state: 'running', finishedAt: null }, { headers: { etag: 'W/"0"' } });
    for (const [timeoutMs, wait] of [
      [60_000, '30s'],
      [10_000, '5s'],
      [1_000, '500ms'],
      [600_000, '30s'],
    ] as const) {
      const { client, asked } = scripted([running, done], { timeoutMs });
      await settled(client.wait('j'));
      expect(asked.map(({ url }) => url)).toEqual(['/v1/jobs/j', `/v1/jobs/j?wait=${wait}`]);
    }
  });
});

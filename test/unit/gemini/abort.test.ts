// The signal ends a call at any stage: at once, with its own reason.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { aContext, imageRequest, useStandin, testProvider } from './gemini.ts';

const bench = useStandin();

test.each(['hang', 'stall', 'slow 1h'])('aborts a call that would %s, and the connection with it', async (marker) => {
  const abort = new AbortController();
  const reason = new Error(`enough of ${marker}`);
  const prompt = `abort me [standin: ${marker}]`;
  const call = bench.provider.generate(imageRequest({ prompt }), aContext(abort.signal));
  const mine = (one: { prompt: string }): boolean => one.prompt === prompt;
  await bench.standin.waitFor((requests) => requests.some(mine), 5_000);
  abort.abort(reason);
  await expect(call).rejects.toBe(reason);
  await bench.standin.waitFor((requests) => requests.find(mine)?.outcome === 'aborted', 5_000);
});

test('an aborted signal sends nothing', async () => {
  const before = bench.standin.requests.length;
  const reason = new Error('too late');
  const call = bench.provider.generate(imageRequest({ prompt: 'x' }), aContext(AbortSignal.abort(reason)));
  await expect(call).rejects.toBe(reason);
  expect(bench.standin.requests.length).toBe(before);
});

test('does not hide a transport that ignores the abort: the call ends only with the transport', async () => {
  const abort = new AbortController();
  const reason = new Error('cancelled');
  const transport = Promise.withResolvers<Response>();
  const fetch = (() => transport.promise) as typeof globalThis.fetch;
  const call = testProvider({ fetch }).generate(imageRequest({ prompt: 'x' }), aContext(abort.signal));
  const ended = vi.fn<() => void>();
  void call.then(ended, ended);
  abort.abort(reason);
  await nextTurn();
  expect(ended).not.toHaveBeenCalled();
  transport.reject(new Error('gone at last'));
  await expect(call).rejects.toBe(reason);
});

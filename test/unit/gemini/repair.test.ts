// One repair attempt for a structured answer that is not valid: a second request that shows the model its answer.

import { afterEach, expect, test, vi } from 'vitest';
import { AttemptFailed } from '../../../src/job/errors/index.ts';
import type { Behaviour } from '../../../src/standin/standin.ts';
import type { GenerateContext } from '../../../src/ports/provider.ts';
import { aContext, textRequest, useStandin, testProvider } from './gemini.ts';

const bench = useStandin();
afterEach(() => bench.standin.script([]));

const schema = { type: 'object', properties: { title: { type: 'string' } }, required: ['title'] };
const request = textRequest({ prompt: 'a plan', schema });
const answer = (text: string, finishReason = 'STOP'): Behaviour => ({
  kind: 'raw',
  body: {
    candidates: [{ finishReason, content: { parts: [{ text }] } }],
    usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 3 },
  },
});
const allowing = (): GenerateContext & { anotherCall: ReturnType<typeof vi.fn<() => Promise<boolean>>> } => ({
  ...aContext(),
  anotherCall: vi.fn<() => Promise<boolean>>(() => Promise.resolve(true)),
});

async function failed(context: GenerateContext): Promise<AttemptFailed> {
  const thrown: unknown = await bench.provider.generate(request, context).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(AttemptFailed);
  return thrown as AttemptFailed;
}

test('a repaired answer says that it was repaired, and both requests are billed', async () => {
  bench.standin.script([answer('{"titel":"A"}'), answer('{"title":"A"}')]);
  const context = allowing();
  const made = await bench.provider.generate(request, context);
  expect(made).toMatchObject({ output: { title: 'A' }, calls: 2, provenance: { repaired: true } });
  expect(made.usage).toEqual({ inputTokens: 20, outputTokens: 6, images: 0 });
  expect(context.anotherCall).toHaveBeenCalledTimes(1);
});

test('the second request shows the answer and the problem', async () => {
  const bodies: string[] = [];
  const spy: typeof fetch = async (url, init) => {
    bodies.push(typeof init?.body === 'string' ? init.body : '');
    return await fetch(url, init);
  };
  bench.standin.script([answer('{"titel":"A"}'), answer('{"title":"A"}')]);
  const provider = testProvider({ baseUrl: bench.standin.url, fetch: spy });
  await provider.generate(request, allowing());
  const { contents } = JSON.parse(bodies[1]!) as { contents: { role: string; parts: { text: string }[] }[] };
  expect(contents.map(({ role }) => role)).toEqual(['user', 'model', 'user']);
  expect(contents[1]!.parts[0]!.text).toBe('{"titel":"A"}');
  expect(contents[2]!.parts[0]!.text).toMatch(/required property 'title'/);
  expect(JSON.parse(bodies[1]!)).toMatchObject({ generationConfig: { responseJsonSchema: schema } });
});

test('without the right to another call there is no second request', async () => {
  const before = bench.standin.requests.length;
  bench.standin.script([answer('nonsense')]);
  const error = await failed(aContext());
  expect(error.error).toMatchObject({ code: 'OutputInvalid', retryable: true });
  expect(error.usage).toEqual({ inputTokens: 10, outputTokens: 3, images: 0 });
  expect(bench.standin.requests.length - before).toBe(1);
});

test('a repair that is invalid too is OutputInvalid, with what both cost', async () => {
  const before = bench.standin.requests.length;
  bench.standin.script([answer('nonsense'), answer('{"titel":1}')]);
  const error = await failed(allowing());
  expect(error.error.code).toBe('OutputInvalid');
  expect(error.message).toMatch(/not JSON.*asked once more.*required property 'title'/);
  expect(error.usage).toEqual({ inputTokens: 20, outputTokens: 6, images: 0 });
  expect(bench.standin.requests.length - before).toBe(2);
});

test('a repair that fails otherwise is still OutputInvalid', async () => {
  bench.standin.script([answer('nonsense'), { kind: 'status', status: 503 }]);
  const error = await failed(allowing());
  expect(error.error.code).toBe('OutputInvalid');
  expect(error.message).toMatch(/asked once more: Gemini answered 503/);
  expect(error.usage).toEqual({ inputTokens: 10, outputTokens: 3, images: 0 });
});

test.each([
  ['a valid answer', answer('{"title":"A"}')],
  ['a recovered one', answer('```\n{"title":"A"}\n```')],
])('%s needs no repair', async (_name, behaviour) => {
  bench.standin.script([behaviour]);
  const context = allowing();
  const made = await bench.provider.generate(request, context);
  expect([made.output, made.calls, made.provenance['repaired']]).toEqual([{ title: 'A' }, undefined, undefined]);
  expect(context.anotherCall).not.toHaveBeenCalled();
});

test.each([
  ['a truncated answer', answer('{"title":"A', 'MAX_TOKENS'), 'OutputTruncated'],
  ['a refused one', answer('', 'SAFETY'), 'OutputRefused'],
  ['a number that cannot be kept', answer('{"title":"A","id":9007199254740993}'), 'OutputInvalid'],
])('%s is not repaired', async (_name, behaviour, code) => {
  bench.standin.script([behaviour]);
  const context = allowing();
  expect((await failed(context)).error.code).toBe(code);
  expect(context.anotherCall).not.toHaveBeenCalled();
});

test('an abort during the repair ends the call with its reason', async () => {
  bench.standin.script([answer('nonsense'), { kind: 'hang' }]);
  const before = bench.standin.requests.length;
  const abort = new AbortController();
  const call = bench.provider.generate(request, { ...allowing(), signal: abort.signal });
  await bench.standin.waitFor((requests) => requests.length === before + 2, 5_000);
  const reason = new Error('cancelled');
  abort.abort(reason);
  await expect(call).rejects.toBe(reason);
});

// Safety ratings of an answer that was not withheld: MEDIUM, HIGH and blocked ones flag the result.

import { afterEach, expect, test } from 'vitest';
import { aContext, imageRequest, textRequest, useStandin } from './gemini.ts';

const bench = useStandin();
afterEach(() => bench.standin.behave(undefined));

const category = 'HARM_CATEGORY_HARASSMENT';

test.each<[unknown, readonly string[] | undefined]>([
  [undefined, undefined],
  [
    [
      { category, probability: 'NEGLIGIBLE' },
      { category, probability: 'LOW' },
    ],
    undefined,
  ],
  [[{ category, probability: 'MEDIUM' }], [`${category} is MEDIUM`]],
  [[{ category, probability: 'high' }], [`${category} is HIGH`]],
  [[{ category, probability: 'LOW', blocked: true }], [`${category} was blocked (LOW)`]],
  [
    [
      { category, blocked: true },
      { category, blocked: true },
    ],
    [`${category} was blocked`],
  ],
  [[{ probability: 'HIGH' }], ['A safety category is HIGH']],
  [[null, 7, { category: 1, probability: {} }], undefined],
  ['HIGH', undefined],
])('ratings %j', async (safetyRatings, flags) => {
  const candidate = { finishReason: 'STOP', safetyRatings };
  const image = { inlineData: { data: 'OK_IMAGE' } };
  bench.standin.behave({ kind: 'raw', body: { candidates: [{ ...candidate, content: { parts: [image] } }] } });
  const drawn = await bench.provider.generate(imageRequest({ prompt: 'a yard' }), aContext());
  expect([drawn.images.length, drawn.flags]).toEqual([1, flags]);
  bench.standin.behave({ kind: 'raw', body: { candidates: [{ ...candidate, content: { parts: [{ text: 'a' }] } }] } });
  const written = await bench.provider.generate(textRequest({ prompt: 'a yard' }), aContext());
  expect([written.output, written.flags]).toEqual(['a', flags]);
});

test('ratings of any event of a streamed text count', async () => {
  const event = (text: string, probability: string, more: object = {}) => {
    const safetyRatings = [{ category, probability }];
    return `data: ${JSON.stringify({ candidates: [{ content: { parts: [{ text }] }, safetyRatings, ...more }] })}\n\n`;
  };
  const body = event('a', 'HIGH') + event('b', 'NEGLIGIBLE', { finishReason: 'STOP' });
  bench.standin.behave({ kind: 'raw', headers: { 'content-type': 'text/event-stream' }, body });
  const context = { ...aContext(), onText: () => undefined };
  const { output, flags } = await bench.provider.generate(textRequest({ prompt: 'a' }), context);
  expect([output, flags]).toEqual(['ab', [`${category} is HIGH`]]);
});

test('the stand-in flags a picture by a rating, and a text by its verdict', async () => {
  bench.standin.behave({ kind: 'flag' });
  const drawn = await bench.provider.generate(imageRequest({ prompt: 'a yard' }), aContext());
  expect(drawn.flags).toEqual([`${category} is MEDIUM`]);
  const schema = {
    type: 'object',
    properties: { flagged: { type: 'boolean' }, reasons: { type: 'array', items: { type: 'string' } } },
    required: ['flagged', 'reasons'],
  };
  const ask = async () =>
    (await bench.provider.generate(textRequest({ prompt: 'Is it red?', schema }), aContext())).output;
  expect(await ask()).toEqual({ flagged: true, reasons: ['The stand-in was asked to flag it'] });
  bench.standin.behave(undefined);
  expect(await ask()).toEqual({ flagged: false, reasons: [] });
});

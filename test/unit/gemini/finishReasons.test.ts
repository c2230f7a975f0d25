// The policy of each finish reason: code, whether it is retried, what the hint speaks of, and what becomes of output that came
// along.

import { afterEach, expect, test } from 'vitest';
import { AttemptFailed } from '../../../src/job/errors/index.ts';
import { aContext, failure, imageRequest, textRequest, useStandin } from './gemini.ts';

const bench = useStandin();
afterEach(() => bench.standin.behave(undefined));

const answerOf = (finishReason: string | undefined, parts: object[]): void =>
  bench.standin.behave({
    kind: 'raw',
    body: { candidates: [{ finishReason, content: { parts } }], usageMetadata: { promptTokenCount: 2 } },
  });
const text = { text: 'half an answer' };
const image = { inlineData: { data: 'OK_IMAGE' } };

/** The reason, the code without output, whether it is retried, its hint, and whether output is used. */
const policies = [
  ['STOP', 'NoOutput', true, /prompt/, true],
  [undefined, 'NoOutput', true, /prompt/, true],
  ['FINISH_REASON_UNSPECIFIED', 'NoOutput', true, /prompt/, true],
  ['OTHER', 'NoOutput', true, /prompt/, true],
  ['NO_IMAGE', 'NoOutput', true, /prompt/, true],
  ['IMAGE_OTHER', 'NoOutput', true, /prompt/, true],
  ['A_NEW_REASON', 'NoOutput', true, /prompt/, true],
  ['MAX_TOKENS', 'OutputTruncated', true, /shorter.*maxOutputTokens/, 'image'],
  ['SAFETY', 'OutputRefused', false, /safety rules.*genwarden retry/, false],
  ['IMAGE_SAFETY', 'OutputRefused', false, /safety rules.*genwarden retry/, false],
  ['PROHIBITED_CONTENT', 'OutputRefused', false, /no such content/, false],
  ['IMAGE_PROHIBITED_CONTENT', 'OutputRefused', false, /no such content/, false],
  ['BLOCKLIST', 'OutputRefused', false, /term that the provider blocks/, false],
  ['SPII', 'OutputRefused', false, /personal data/, false],
  ['RECITATION', 'OutputRefused', false, /existing work/, false],
  ['IMAGE_RECITATION', 'OutputRefused', false, /existing work/, false],
  ['LANGUAGE', 'OutputRefused', false, /language/, false],
  ['JAILBREAK', 'OutputRefused', false, /no such content/, false],
  ['MODEL_ARMOR', 'OutputRefused', false, /Model Armor/, false],
  ['NEW_SAFETY_RULE', 'OutputRefused', false, /prompt/, false],
  ['CONTINUATION', 'ProviderResponseInvalid', true, /./, false],
  ['MALFORMED_RESPONSE', 'ProviderResponseInvalid', true, /./, false],
  ['MALFORMED_FUNCTION_CALL', 'ProviderResponseInvalid', true, /tools/, false],
  ['UNEXPECTED_TOOL_CALL', 'ProviderResponseInvalid', true, /tools/, false],
  ['TOO_MANY_TOOL_CALLS', 'ProviderResponseInvalid', true, /tools/, false],
] as const;

test.each(policies)('%s is %s without output', async (reason, code, retryable, hint) => {
  answerOf(reason, []);
  for (const request of [imageRequest, textRequest]) {
    const error = await failure(bench.provider.generate(request({ prompt: 'a yard' }), aContext()));
    expect(error).toMatchObject({ code, retryable, provider: { status: 200 } });
    expect(error.hint).toMatch(hint);
    if (code !== 'OutputRefused') expect(error.hint).not.toMatch(/safety|violat/i);
  }
});

test.each(policies)('%s with output', async (reason, code, _retryable, _hint, isUsed) => {
  answerOf(reason, [text]);
  const words = bench.provider.generate(textRequest({ prompt: 'a yard' }), aContext());
  if (isUsed === true) expect((await words).output).toBe(text.text);
  else expect(await failure(words)).toMatchObject({ code });
  answerOf(reason, [image]);
  const picture = bench.provider.generate(imageRequest({ prompt: 'a yard' }), aContext());
  if (isUsed === false) expect(await failure(picture)).toMatchObject({ code });
  else expect((await picture).images).toHaveLength(1);
});

test('a refusal quotes the words that came along, and is billed', async () => {
  answerOf('SAFETY', [text]);
  const thrown: unknown = await bench.provider
    .generate(textRequest({ prompt: 'x' }), aContext())
    .catch((e: unknown) => e);
  expect(thrown).toBeInstanceOf(AttemptFailed);
  expect(thrown).toMatchObject({
    message: 'The provider withheld the output (SAFETY). The model wrote: "half an answer"',
    usage: { inputTokens: 2, outputTokens: 0, images: 0 },
  });
});

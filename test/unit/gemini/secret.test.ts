// No part of a key that helps to guess it stays in a text that a server sent.

import { expect, test } from 'vitest';
import { withoutKey } from '../../../src/adapters/provider/secret.ts';
import { aContext, cannedFetch, failure, imageRequest, secretKey, testProvider } from './gemini.ts';

const oddKey = 'ab+c/d=ef&gh-0123456789';

test.each([
  ['the key', secretKey, secretKey],
  ['its beginning, as some servers shorten it', `${secretKey.slice(0, 12)}…`, secretKey],
  ['its end', `…${secretKey.slice(-8)}`, secretKey],
  ['a URL', `https://host/v1/models?key=${secretKey}&alt=sse`, secretKey],
  ['an encoded key', encodeURIComponent(oddKey), oddKey],
  ['a key that is encoded twice', encodeURIComponent(encodeURIComponent(oddKey)), oddKey],
  ['a key in lower-case escapes', oddKey.replaceAll('+', '%2b').replaceAll('/', '%2f'), oddKey],
  [
    'every character encoded',
    Array.from(oddKey)
      .map((one) => `%${one.charCodeAt(0).toString(16)}`)
      .join(''),
    oddKey,
  ],
  ['JSON escapes', oddKey.replaceAll('&', '\\u0026'), oddKey],
  ['HTML entities', oddKey.replaceAll('&', '&#38;').replaceAll('=', '&#x3d;'), oddKey],
  ['a short key', 'k1', 'k1'],
])('%s', (_name, text, key) => {
  const shown = withoutKey(`before ${text} after ${text}`, key);
  expect(shown).toMatch(/^before .*\[key\].* after .*\[key\]/);
  for (let at = 0; at + 8 <= key.length; at += 1) {
    expect(decodeURIComponent(decodeURIComponent(shown))).not.toContain(key.slice(at, at + 8));
  }
});

test('other text is not changed', () => {
  const text = 'The model gemini-3.1-flash is overloaded at 100%. Try https://example.com/a%20b?c=d';
  expect(withoutKey(text, secretKey)).toBe(text);
  expect(withoutKey(text, '')).toBe(text);
});

test.each([400, 403, 429, 500])('a %i that repeats the key, whole, shortened and encoded', async (status) => {
  const message = `API key not valid: ${secretKey}, ${secretKey.slice(0, 14)}..., key=${encodeURIComponent(secretKey)}`;
  const fetch = cannedFetch({ error: { message: `${'x'.repeat(380)} ${message}`, status: secretKey } }, { status });
  const error = await failure(testProvider({ fetch }).generate(imageRequest({ prompt: 'x' }), aContext()));
  expect(JSON.stringify(error)).not.toContain(secretKey.slice(0, 8));
});

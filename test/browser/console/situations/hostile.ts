// Texts that try to break a page: HTML and scripts, text from right to left, emoji, control characters, and the longest that the API
// admits, in every place that a client or a provider fills.

import type { Site } from '../../../support/site/site.ts';

/** If a page ran one of these, `globalThis.pwned` would be set. */
export const markup = [
  '<script>globalThis.pwned = 1</script>',
  '<img src=x onerror="globalThis.pwned = 2">',
  '"><svg onload=globalThis.pwned=3>',
  "javascript:globalThis.pwned=4//' onmouseover='globalThis.pwned=5",
  '{{constructor.constructor("globalThis.pwned=6")()}}',
].join(' ');

const rightToLeft = 'حديقة أمامية بنباتات محلية \u202egnp.drayv\u202c עברית';
const emoji = '👩‍👩‍👧‍👦🏳️‍🌈🌱'.repeat(20);
const longest = 32 * 1_024;

export interface Hostile {
  /** A name, prompt, metadata, reference caption and text output that are markup. */
  readonly markup: string;
  readonly rightToLeft: string;
  readonly emoji: string;
  /** A prompt of 32 KiB without a space, and an output of 100 kB. */
  readonly long: string;
  /** Failed, with markup in the provider's words. */
  readonly failed: string;
}

/** The site's text model answers with what it is told, so the site must have no other jobs meanwhile. */
export async function hostileJobs(site: Site): Promise<Hostile> {
  const { client, standin } = site;
  const say = (text: string): void => {
    const candidates = [{ content: { role: 'model', parts: [{ text }] }, finishReason: 'STOP', index: 0 }];
    const usageMetadata = { promptTokenCount: 9, candidatesTokenCount: 9, totalTokenCount: 18 };
    standin.behave({ kind: 'raw', body: { candidates, usageMetadata } });
  };
  const write = async (prompt: string, name: string): Promise<string> => {
    const { id } = await client.submit({
      kind: 'text',
      input: { prompt, system: prompt.slice(0, 8_000) },
      tasks: [{ name, metadata: { note: prompt.slice(0, 900) } }],
      metadata: { note: prompt.slice(0, 900), nested: { [name]: [name] } },
      labels: { kind: 'hostile' },
      policy: { maxAttempts: 1 },
    });
    await client.wait(id);
    return id;
  };
  say(markup);
  const withMarkup = await write(markup, '<b onclick="pwned=7">bold</b>');
  say(rightToLeft);
  const withRightToLeft = await write(rightToLeft, 'خريطة');
  say(emoji);
  const withEmoji = await write(emoji, '👩‍👩‍👧‍👦 family');
  standin.behave({ kind: 'write', characters: 100_000 });
  const long = await write('m'.repeat(longest), 'n'.repeat(100));
  standin.behave({
    kind: 'raw',
    status: 400,
    body: { error: { code: 400, status: markup.slice(0, 60), message: markup } },
  });
  const failed = await write('a text that the provider refuses', 'refused');
  standin.behave(undefined);
  return { markup: withMarkup, rightToLeft: withRightToLeft, emoji: withEmoji, long, failed };
}

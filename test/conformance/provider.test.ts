// The contract of every provider of models: what a successful call returns, and how a call ends by its signal.

import sharp from 'sharp';
import { expect, test, vi } from 'vitest';
import { fakeProvider, hanging, made } from '../fakes/provider.ts';
import { contextOf, failureOf, forEachProvider, secretKey } from './providers.ts';

const schema = {
  type: 'object',
  properties: { title: { type: 'string' }, beats: { type: 'array', items: { type: 'string' }, minItems: 2 } },
  required: ['title', 'beats'],
  additionalProperties: false,
};

const jpeg = (): Promise<Buffer> =>
  sharp({ create: { width: 80, height: 60, channels: 3, background: '#385' } })
    .jpeg()
    .toBuffer();

forEachProvider((bench) => {
  test('an image, with its type by its bytes, its usage and where it comes from', async () => {
    const { images, output, usage, provenance, release } = await bench.provider.generate(bench.image({}), contextOf());
    expect(images).toHaveLength(1);
    expect(images[0]!.mediaType).toBe('image/png');
    expect(await sharp(images[0]!.bytes).metadata()).toMatchObject({ format: 'png', width: 1_024, height: 1_024 });
    expect(output).toBeNull();
    expect(usage).toMatchObject({ images: 1 });
    expect(usage.inputTokens).toBeGreaterThan(0);
    expect(usage.outputTokens).toBeGreaterThan(0);
    expect(Object.keys(provenance).length).toBeGreaterThan(0);
    release?.();
    // Freed, not left to the garbage collector.
    expect(images[0]!.bytes.length).toBe(0);
  });

  test('a label does not decide what an image is', async () => {
    bench.standin.script([{ kind: 'raw', body: bench.imageBody('OK_WEBP') }]);
    const { images } = await bench.provider.generate(bench.image({}), contextOf());
    expect(images.map(({ mediaType }) => mediaType)).toEqual(['image/webp']);
  });

  test('the shape that the job asks for', async () => {
    const { images } = await bench.provider.generate(bench.image({ aspectRatio: '3:2', imageSize: '1K' }), contextOf());
    const { width, height } = await sharp(images[0]!.bytes).metadata();
    expect(width / height).toBeCloseTo(1.5, 1);
  });

  test('references in their order, with their captions, whole', async () => {
    const bytes = await jpeg();
    const references = ['the yard', undefined].map((caption) => ({
      mediaType: 'image/jpeg',
      bytes,
      ...(caption === undefined ? {} : { caption }),
    }));
    const { images } = await bench.provider.generate(
      bench.image({ prompt: 'with plants' }, { references }),
      contextOf(),
    );
    expect(images).toHaveLength(1);
    const request = bench.standin.requests.at(-1)!;
    expect(request).toMatchObject({ references: 2, model: bench.imageModel });
    expect(request.prompt).toMatch(/with plants[^]*the yard/);
    // The worker frees them.
    expect(references[0]!.bytes.length).toBe(bytes.length);
  });

  test('a text about references', async () => {
    const references = [{ mediaType: 'image/jpeg', bytes: await jpeg(), caption: 'the yard' }];
    const { output } = await bench.provider.generate(
      bench.text({ prompt: 'what is it?' }, { references }),
      contextOf(),
    );
    expect(output).toMatch(/^The stand-in answers/);
    expect(bench.standin.requests.at(-1)).toMatchObject({ references: 1 });
  });

  test('a text with a system instruction', async () => {
    const written = await bench.provider.generate(bench.text({ system: 'Be short.' }), contextOf());
    expect(written).toMatchObject({ images: [], output: expect.stringMatching(/^The stand-in answers/) as string });
    expect(written.usage).toMatchObject({ images: 0 });
    expect(written.usage.outputTokens).toBeGreaterThan(0);
  });

  const openSchema = { ...schema, additionalProperties: true, required: ['title', 'beats'] };
  test.each([
    ['a closed object', schema],
    ['an open object', openSchema],
    ['optional properties', { ...schema, required: ['title'] }],
    [
      'a keyword that few providers enforce',
      { ...schema, properties: { title: { type: 'string', minLength: 3 } }, required: ['title'] },
    ],
    ['a list', { type: 'array', items: { type: 'string' }, minItems: 2 }],
    [
      'a choice',
      { anyOf: [{ type: 'object', properties: { a: { type: 'number' } }, required: ['a'] }, { type: 'string' }] },
    ],
    [
      'a schema that refers to itself',
      {
        type: 'object',
        properties: { name: { type: 'string' }, children: { type: 'array', items: { $ref: '#' } } },
        required: ['name', 'children'],
        additionalProperties: false,
      },
    ],
  ])('a document for the schema of %s', async (_what, wanted) => {
    const { output } = await bench.provider.generate(bench.text({ schema: wanted }), contextOf());
    expect(output).not.toBeTypeOf('string');
  });

  test('an answer that does not match its schema is repaired once, if the limits allow it', async () => {
    const wrong = { ...schema, properties: { ...schema.properties, title: { const: 'no answer has this' } } };
    const refused = await failureOf(
      bench.provider.generate(bench.text({ schema: { ...wrong, allOf: [{ required: ['missing'] }] } }), contextOf()),
    );
    expect(refused.error).toMatchObject({ code: 'OutputInvalid', retryable: true });
    expect(refused.usage!.outputTokens).toBeGreaterThan(0);
  });

  test('the text as it arrives, in order', async () => {
    const pieces: string[] = [];
    const onText = (piece: string): void => void pieces.push(piece);
    const { output } = await bench.provider.generate(bench.text({}), contextOf({ onText }));
    expect(pieces.join('')).toBe(output);
    expect(pieces.length).toBeGreaterThanOrEqual(2);
    expect(pieces).not.toContain('');
  });

  test.each(['hang', 'stall', 'slow'] as const)(
    'the signal ends a call that would %s, and its connection',
    async (kind) => {
      const abort = new AbortController();
      const reason = new Error('enough');
      const before = bench.standin.requests.length;
      bench.standin.script([{ kind, ...(kind === 'slow' ? { latencyMs: 3_600_000 } : {}) }]);
      const call = bench.provider.generate(bench.image({}), contextOf({ signal: abort.signal }));
      await bench.standin.waitFor((requests) => requests.length > before, 5_000);
      abort.abort(reason);
      await expect(call).rejects.toBe(reason);
      await bench.standin.waitFor((requests) => requests.at(-1)!.outcome === 'aborted', 5_000);
    },
  );

  test('an aborted signal sends nothing', async () => {
    const before = bench.standin.requests.length;
    const reason = new Error('too late');
    const call = bench.provider.generate(bench.image({}), contextOf({ signal: AbortSignal.abort(reason) }));
    await expect(call).rejects.toBe(reason);
    expect(bench.standin.requests.length).toBe(before);
  });

  test('each call is one request, with the key of the call', async () => {
    const before = bench.standin.requests.length;
    await Promise.all(
      ['key-one', 'key-two'].map((key) => bench.provider.generate(bench.text({ prompt: key }), contextOf({ key }))),
    );
    const sent = bench.standin.requests.slice(before);
    expect(sent).toHaveLength(2);
    expect(new Set(sent.map(({ keyFingerprint }) => keyFingerprint)).size).toBe(2);
  });

  test('a key that no header can hold is refused before the call', async () => {
    const before = bench.standin.requests.length;
    const { error } = await failureOf(bench.provider.generate(bench.text({}), contextOf({ key: 'kéy\n' })));
    expect(error).toMatchObject({ code: 'KeyRefused' });
    expect(bench.standin.requests.length).toBe(before);
    expect(JSON.stringify(error)).not.toContain(secretKey);
  });
});

test('in memory: a call that hangs ends by its signal, with its reason', async () => {
  const call = hanging();
  const abort = new AbortController();
  const request = { kind: 'text', model: 'm', input: { prompt: 'x' }, references: [] } as const;
  const ended = fakeProvider(call.generate).generate(request, contextOf({ signal: abort.signal }));
  await call.called;
  const reason = new Error('enough');
  abort.abort(reason);
  await expect(ended).rejects.toBe(reason);
  const generate = vi.fn(() => Promise.resolve(made('text')));
  expect(await fakeProvider(generate).generate(request, contextOf())).toMatchObject({ output: 'text', images: [] });
});

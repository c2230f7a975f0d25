// Images come out of a response as they went in, whatever else stands beside them in the JSON.

import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { imageData } from '../../../src/adapters/provider/imageData.ts';
import { WeightedSemaphore } from '../../../src/async/weightedSemaphore.ts';

const room = { ordinary: 8_388_608, excess: new WeightedSemaphore(0) };

const answering =
  (body: string, init?: ResponseInit): typeof fetch =>
  async () =>
    await Promise.resolve(new Response(body, init));

async function through(value: unknown, indent?: number) {
  const images = imageData(room, { field: 'data', fetch: answering(JSON.stringify(value, null, indent)) });
  const response = await images.fetch('http://127.0.0.1');
  return { images, text: await response.text() };
}

test.each([30_000, 30_001, 30_002, 200_003, 2_000_000])('%i bytes are extracted and returned', async (length) => {
  const [one, two] = [randomBytes(length), randomBytes(length)];
  const parts = [one, two].map((bytes) => ({ inlineData: { mimeType: 'image/png', data: bytes.toString('base64') } }));
  for (const indent of [undefined, 2]) {
    const { images, text } = await through({ before: 'ä"data":"', parts, after: 1 }, indent);
    expect(text.length).toBeLessThan(400);
    const read = JSON.parse(text);
    expect(read).toMatchObject({ before: 'ä"data":"', after: 1 });
    expect(images.bytesOf(read.parts[0].inlineData.data).equals(one)).toBe(true);
    expect(images.bytesOf(read.parts[1].inlineData.data).equals(two)).toBe(true);
  }
});

test('long base64 in a data URL is extracted, in a text and where base64 belongs', async () => {
  const [one, two] = [randomBytes(30_001), randomBytes(40_000)];
  const url = `data:image/png;base64,${one.toString('base64')}`;
  const { images, text } = await through({
    text: `Here: ![x](${url}) "![y](data:image/png;base64,QUJD)`,
    data: url,
    next: { data: two.toString('base64') },
  });
  const read = JSON.parse(text);
  expect(read.text).toBe('Here: ![x](data:image/png;base64,@0) "![y](data:image/png;base64,QUJD)');
  expect(read.data).toBe('data:image/png;base64,@1');
  expect(images.bytesOf('@0').equals(one)).toBe(true);
  expect(images.bytesOf(read.data).equals(one)).toBe(true);
  expect(images.bytesOf(read.next.data).equals(two)).toBe(true);
  expect(images.bytesOf('data:image/png;base64,QUJD').toString()).toBe('ABC');
});

test('a data URL whose base64 has an escape is left to the parser', async () => {
  const body = `{"text":"data:image/png;base64,${'A'.repeat(20_000)}\\/AAA"}`;
  const images = imageData(room, { field: 'data', fetch: answering(body) });
  expect(await (await images.fetch('http://127.0.0.1')).text()).toBe(body);
});

test('short data, other data and a text that looks like data are not changed', async () => {
  const long = 'A'.repeat(20_000);
  const value = { data: 'QUJD', number: { data: 7 }, text: `"data":"${long}"`, other: long };
  const { images, text } = await through(value);
  expect(JSON.parse(text)).toEqual(value);
  expect(images.bytesOf('QUJD').toString()).toBe('ABC');
});

test('base64 with an escape is left to the parser', async () => {
  const bytes = randomBytes(30_001);
  const images = imageData(room, {
    field: 'data',
    fetch: answering(`{"data":"${bytes.toString('base64').replaceAll('=', '\\u003d')}"}`),
  });
  const { data } = (await (await images.fetch('http://127.0.0.1')).json()) as { data: string };
  expect(images.bytesOf(data).equals(bytes)).toBe(true);
});

test.each(['', 'nonsense', '{"data":', '{"data":"cut off', `{"data":"${'A'.repeat(20_000)}`])(
  'a body that is not JSON is not changed',
  async (body) => {
    const images = imageData(room, { field: 'data', fetch: answering(body) });
    expect(await (await images.fetch('http://127.0.0.1')).text()).toBe(body);
  },
);

test('a body in pieces of any size is read completely, with or without its length', async () => {
  const bytes = randomBytes(1_500_000);
  const body = Buffer.from(JSON.stringify({ data: bytes.toString('base64') }));
  for (const headers of [{}, { 'content-length': String(body.length) }, { 'content-length': '7' }]) {
    const images = imageData(room, {
      field: 'data',
      fetch: () => Promise.resolve(new Response(inPieces(body, 99_991), { headers })),
    });
    const { data } = (await (await images.fetch('http://127.0.0.1')).json()) as { data: string };
    expect(data).toBe('@0');
    expect(images.bytesOf(data).equals(bytes)).toBe(true);
  }
});

test('extracted bytes are freed at once by a release', async () => {
  const data = randomBytes(30_000).toString('base64');
  const { images } = await through({ one: { data }, two: { data } });
  const taken = [images.bytesOf('@0'), images.bytesOf('@1')];
  expect(taken.map(({ length }) => length)).toEqual([30_000, 30_000]);
  images.release();
  expect(taken.map(({ length }) => length)).toEqual([0, 0]);
  images.release();
});

/** As Node's fetch delivers them: each piece in separate memory. */
function inPieces(body: Buffer, size: number): ReadableStream {
  let at = 0;
  return new ReadableStream({
    type: 'bytes',
    pull: (controller) => {
      if (at >= body.length) return controller.close();
      controller.enqueue(Uint8Array.from(body.subarray(at, (at += size))));
    },
  });
}

test('status and headers are kept except those about the length; an error is not changed', async () => {
  const headers = { 'content-type': 'application/json', 'content-length': '2', 'content-encoding': 'gzip' };
  const good = await imageData(room, { field: 'data', fetch: answering('{}', { status: 201, headers }) }).fetch(
    'http://127.0.0.1',
  );
  expect([good.status, ...good.headers.keys()]).toEqual([201, 'content-type']);
  const bad = new Response('{}', { status: 503 });
  const images = imageData(room, { field: 'data', fetch: async () => await Promise.resolve(bad) });
  expect(await images.fetch('http://127.0.0.1')).toBe(bad);
});

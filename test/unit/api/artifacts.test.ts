// Uploads of reference images and downloads of results: what is accepted, what is refused, and how bytes are served.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { succeeded } from '../../../src/job/transitions.ts';
import { apiWorld, type ApiWorld } from '../../fakes/apiWorld.ts';

const photo = readFileSync(new URL('../../../examples/front-yard.jpg', import.meta.url));
const sha256 = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
let png: Buffer;
let webp: Buffer;

beforeAll(async () => {
  const canvas = sharp({ create: { width: 8, height: 8, channels: 3, background: '#3a5' } });
  png = await canvas.clone().png().toBuffer();
  webp = await canvas.clone().webp().toBuffer();
});

const inline = (mediaType: string, bytes: Buffer | string) => {
  const data = typeof bytes === 'string' ? bytes : bytes.toString('base64');
  return { kind: 'image', input: { prompt: 'a', references: [{ mediaType, data }] } };
};

describe('POST /v1/artifacts', () => {
  test('stores PNG, JPEG and WebP under their digest', async () => {
    await using world = await apiWorld();
    for (const [mediaType, bytes] of [
      ['image/png', png],
      ['image/jpeg', photo],
      ['image/webp', webp],
    ] as const) {
      const { status, json } = await world.post('/v1/artifacts', bytes, { 'content-type': mediaType });
      expect([status, json]).toEqual([201, { artifact: sha256(bytes), mediaType, bytes: bytes.length }]);
      expect(await world.artifacts.read('default', json.artifact)).toEqual(Uint8Array.from(bytes));
    }
  });

  test('the content alone tells the type of bytes that are declared as such', async () => {
    await using world = await apiWorld();
    const upload = (bytes: Buffer) =>
      world.post('/v1/artifacts', bytes, { 'content-type': 'application/octet-stream' });
    expect(await upload(photo)).toMatchObject({ status: 201, json: { mediaType: 'image/jpeg' } });
    expect(await upload(Buffer.from('%PDF-1.7'))).toMatchObject({ status: 422, json: { code: 'InvalidImage' } });
  });

  test('refuses other bytes, an image of another type, a broken image, one too large, and an unsupported type', async () => {
    await using world = await apiWorld();
    const large = Buffer.concat([png, Buffer.alloc(20 * 1024 * 1024)]);
    const cases: [string, Buffer | string, number, string][] = [
      ['image/png', Buffer.from('GIF89a not a picture'), 422, 'InvalidImage'],
      ['image/png', photo, 422, 'InvalidImage'],
      ['image/png', png.subarray(0, 12), 422, 'InvalidImage'],
      ['image/jpeg', photo.subarray(0, 3), 422, 'InvalidImage'],
      ['image/png', large, 413, 'ImageTooLarge'],
      ['image/png', Buffer.alloc(26 * 1024 * 1024), 413, 'BodyTooLarge'],
      ['image/gif', Buffer.from('GIF89a'), 415, 'UnsupportedMediaType'],
      ['application/json', '{}', 415, 'UnsupportedMediaType'],
    ];
    for (const [type, body, status, code] of cases) {
      const { json } = await world.post('/v1/artifacts', body, { 'content-type': type });
      expect([type, json.status, json.code]).toEqual([type, status, code]);
    }
    expect(await world.post('/v1/artifacts')).toMatchObject({ status: 415, json: { code: 'UnsupportedMediaType' } });
  });
});

describe('references of a submit', () => {
  test('inline images are stored first and named by digest in the task', async () => {
    await using world = await apiWorld();
    const { status, json } = await world.post('/v1/jobs', inline('image/jpeg', photo));
    expect(status).toBe(202);
    const record = (await world.log.read(json.id))!;
    expect(record.tasks[0]!.request.input.references).toEqual([
      { artifact: sha256(photo), mediaType: 'image/jpeg', bytes: photo.length },
    ]);
    expect(await world.artifacts.find('default', sha256(photo))).toBeDefined();
  });

  test('refuses invalid base64, other bytes and too large images, and stores neither image nor job', async () => {
    await using world = await apiWorld();
    const forGemini = Buffer.concat([png, Buffer.alloc(7_000_000)]);
    const good = { mediaType: 'image/png', data: png.toString('base64') };
    const bad: [object, number, string, RegExp][] = [
      [inline('image/png', '***='), 422, 'InvalidRequest', /base64/],
      [inline('image/png', ''), 422, 'InvalidRequest', /base64/],
      [inline('image/gif', png), 422, 'InvalidRequest', /mediaType/],
      [
        inline('image/webp', png),
        422,
        'InvalidImage',
        /input\.references\[0\] is declared as image\/webp, .* image\/png/,
      ],
      [inline('image/png', Buffer.from('text, no image')), 422, 'InvalidImage', /not a supported image/],
      [inline('image/png', forGemini), 413, 'ImageTooLarge', /7 MB/],
      [
        { kind: 'image', input: { prompt: 'a', references: [{ ...good, artifact: sha256(png) }] } },
        422,
        'InvalidRequest',
        /not both/,
      ],
      [{ kind: 'image', input: { prompt: 'a', references: [{ caption: 'x' }] } }, 422, 'InvalidRequest', /either/],
      [
        { kind: 'image', input: { prompt: 'a', references: Array.from({ length: 15 }, () => good) } },
        422,
        'InvalidRequest',
        /14/,
      ],
      [
        {
          kind: 'image',
          input: { prompt: 'a', references: Array.from({ length: 13 }, () => good) },
          tasks: [{}, { input: { extraReferences: [good, good] } }],
        },
        422,
        'InvalidRequest',
        /tasks\[1\]\.input\.references: has 15/,
      ],
      [
        {
          kind: 'image',
          input: { prompt: 'a', references: [good] },
          tasks: [{ input: { extraReferences: [{ ...good, mediaType: 'image/webp' }] } }],
        },
        422,
        'InvalidImage',
        /tasks\[0\]\.input\.extraReferences\[0\] is declared/,
      ],
      [
        { kind: 'image', input: { prompt: 'a', references: [{ artifact: sha256(png) }] } },
        422,
        'ReferenceNotFound',
        /not stored/,
      ],
      [
        { kind: 'image', input: { prompt: 'a', references: [{ artifact: 'sha256:xyz' }] } },
        422,
        'InvalidRequest',
        /digest/,
      ],
    ];
    for (const [body, status, code, words] of bad) {
      const { json } = await world.post('/v1/jobs', body);
      expect([json.status, json.code]).toEqual([status, code]);
      expect(`${json.detail} ${JSON.stringify(json.errors)}`).toMatch(words);
    }
    expect(await world.artifacts.find('default', sha256(png))).toBeUndefined();
    expect(world.log.stream.size.messages).toBe(0);
  });

  test('7 MB are the limit of Gemini alone', async () => {
    await using world = await apiWorld();
    const large = Buffer.concat([png, Buffer.alloc(7_000_000)]);
    expect((await world.post('/v1/jobs', { ...inline('image/png', large), pool: 'drawings' })).status).toBe(202);
    const named = { kind: 'image', input: { prompt: 'a', references: [{ artifact: sha256(large) }] } };
    expect(await world.post('/v1/jobs', named)).toMatchObject({ status: 413, json: { code: 'ImageTooLarge' } });
  });

  test('a named reference is found within its tenant alone, and must be an image', async () => {
    await using world = await apiWorld();
    await world.artifacts.put('other', png, 'image/png');
    const text = await world.artifacts.put('default', Buffer.from('{}'), 'application/json');
    const naming = (artifact: string) => ({ kind: 'image', input: { prompt: 'a', references: [{ artifact }] } });
    expect((await world.post('/v1/jobs', naming(sha256(png)))).json.code).toBe('ReferenceNotFound');
    expect((await world.post('/v1/jobs', naming(text.digest))).json.code).toBe('InvalidImage');
  });

  test('a reference that all tasks share is stored once', async () => {
    await using world = await apiWorld();
    let puts = 0;
    const { put } = world.artifacts;
    world.artifacts.put = (...args) => ((puts += 1), put(...args));
    const tasks = Array.from({ length: 20 }, () => ({}));
    expect((await world.post('/v1/jobs', { ...inline('image/png', png), tasks })).status).toBe(202);
    expect(puts).toBe(1);
  });
});

describe('GET …/artifacts/{name}', () => {
  async function withImage(world: ApiWorld): Promise<string> {
    const id = await world.submit({ tasks: [{ name: 'front yard' }] });
    const stored = await world.artifacts.put('default', photo, 'image/jpeg');
    await world.claim(id);
    const artifacts = [{ name: 'image', ...stored, width: 10, height: 10 }];
    await world.finish(id, 0, succeeded, { artifacts });
    return id;
  }

  test('serves the bytes by index and by name, with type, digest and no sniffing', async () => {
    await using world = await apiWorld();
    const id = await withImage(world);
    const { json } = await world.get(`/v1/jobs/${id}`);
    const [{ href }] = json.tasks[0].artifacts;
    expect(href).toBe(`/v1/jobs/${id}/tasks/0/artifacts/image?run=1`);
    for (const url of [href, `/v1/jobs/${id}/tasks/front%20yard/artifacts/image`]) {
      const { status, headers, bytes } = await world.get(url);
      expect(status).toBe(200);
      expect(bytes.equals(photo)).toBe(true);
      expect(headers).toMatchObject({
        'content-type': 'image/jpeg',
        'content-length': String(photo.length),
        etag: `"${sha256(photo)}"`,
        'x-content-type-options': 'nosniff',
        'accept-ranges': 'bytes',
        'content-disposition': 'inline; filename="image.jpeg"',
      });
    }
  });

  test('serves ranges, says when one lies outside, and 304 to who has it', async () => {
    await using world = await apiWorld();
    const url = `/v1/jobs/${await withImage(world)}/tasks/0/artifacts/image`;
    const size = photo.length;
    const ranges: [string, number, number][] = [
      ['bytes=0-9', 0, 9],
      ['bytes=10-', 10, size - 1],
      ['bytes=-5', size - 5, size - 1],
      [`bytes=5-${size * 2}`, 5, size - 1],
    ];
    for (const [range, start, end] of ranges) {
      const { status, headers, bytes } = await world.get(url, { range });
      expect([status, headers['content-range']]).toEqual([206, `bytes ${start}-${end}/${size}`]);
      expect(bytes.equals(photo.subarray(start, end + 1))).toBe(true);
    }
    const outside = await world.get(url, { range: `bytes=${size}-` });
    expect(outside).toMatchObject({ status: 416, json: { code: 'RangeNotSatisfiable' } });
    expect(outside.headers['content-range']).toBe(`bytes */${size}`);
    const whole = ['bytes=9-5', 'bytes=0-1,3-4', 'lines=1-2'];
    for (const range of whole) expect((await world.get(url, { range })).status).toBe(200);
    const tag = `"${sha256(photo)}"`;
    expect((await world.get(url, { range: 'bytes=0-1', 'if-range': tag })).status).toBe(206);
    expect((await world.get(url, { range: 'bytes=0-1', 'if-range': '"other"' })).status).toBe(200);
    expect(await world.get(url, { 'if-none-match': tag })).toMatchObject({ status: 304, bytes: Buffer.alloc(0) });
  });

  test('keeps the artifacts of earlier runs', async () => {
    await using world = await apiWorld();
    const id = await world.submit({ policy: { review: 'always' } });
    const stored = await world.artifacts.put('default', photo, 'image/jpeg');
    await world.claim(id);
    const { toReview } = await import('../../../src/job/transitions.ts');
    await world.finish(id, 0, toReview, { artifacts: [{ name: 'image', ...stored }] });
    await world.post(`/v1/jobs/${id}/tasks/0/review`, { run: 1, decision: 'tweak', instruction: 'bluer' });
    const url = `/v1/jobs/${id}/tasks/0/artifacts/image`;
    expect((await world.get(url)).json).toMatchObject({ code: 'ArtifactNotFound' });
    expect((await world.get(`${url}?run=1`)).bytes.equals(photo)).toBe(true);
    expect((await world.get(`${url}?run=3`)).json).toMatchObject({ code: 'ArtifactNotFound' });
  });

  test('answers 404 with what is missing', async () => {
    await using world = await apiWorld();
    const id = await withImage(world);
    expect((await world.get(`/v1/jobs/${id}/tasks/1/artifacts/image`)).json.code).toBe('TaskNotFound');
    expect((await world.get(`/v1/jobs/${id}/tasks/0/artifacts/other`)).json.code).toBe('ArtifactNotFound');
    await world.artifacts.delete('default', sha256(photo));
    expect((await world.get(`/v1/jobs/${id}/tasks/0/artifacts/image`)).json.code).toBe('ArtifactNotFound');
  });
});

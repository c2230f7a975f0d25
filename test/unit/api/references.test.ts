// References of a submit and of an upload: what is accepted, and how a refusal names the reference and its problem.
import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { GenwardenError } from '../../../src/job/errors/index.ts';
import { apiWorld, type ApiWorld } from '../../fakes/apiWorld.ts';
import { fakeArtifactStore } from '../../fakes/artifactStore.ts';
import { brokenPictures, foreignPictures, photo, validPictures, withOrientation } from '../../support/pictures.ts';

const sha256 = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const valid = await validPictures();
const broken = await brokenPictures();
const foreign = await foreignPictures();
const png = valid['a PNG']!.bytes;

const good = { mediaType: 'image/png', data: png.toString('base64') };
const half = { mediaType: 'image/jpeg', data: photo.subarray(0, photo.length >> 1).toString('base64') };
const withReferences = (references: object[], over: object = {}) => ({
  kind: 'image',
  input: { prompt: 'a', references },
  ...over,
});

const stored = async (world: ApiWorld, id: string, task = 0) =>
  (await world.log.read(id))!.tasks[task]!.request.input.references;

describe('every kind of picture, uploaded and inline', () => {
  test.each(Object.keys(valid))('%s is stored byte for byte', async (name) => {
    await using world = await apiWorld();
    const { mediaType, bytes } = valid[name]!;
    const digest = sha256(bytes);
    const uploaded = await world.post('/v1/artifacts', bytes, { 'content-type': mediaType });
    expect([uploaded.status, uploaded.json]).toEqual([201, { artifact: digest, mediaType, bytes: bytes.length }]);
    const submitted = await world.post('/v1/jobs', withReferences([{ mediaType, data: bytes.toString('base64') }]));
    expect(submitted.status).toBe(202);
    expect(await stored(world, submitted.json.id)).toEqual([{ artifact: digest, mediaType, bytes: bytes.length }]);
  });

  test.each(Object.keys(broken))('%s is refused', async (name) => {
    await using world = await apiWorld();
    const { mediaType, bytes, says } = broken[name]!;
    const uploaded = await world.post('/v1/artifacts', bytes, { 'content-type': mediaType });
    expect([uploaded.status, uploaded.json.code]).toEqual([422, 'InvalidImage']);
    expect(uploaded.json.detail).toMatch(says);
    expect(uploaded.json.detail).toMatch(/^The body is|^The body declares/);
    if (bytes.length === 0) return;
    const submit = withReferences([good, { mediaType, data: bytes.toString('base64') }]);
    const { status, json } = await world.post('/v1/jobs', submit);
    expect([status, json.code, json.errors[0].path]).toEqual([422, 'InvalidImage', 'input.references[1]']);
    expect(json.detail).toMatch(says);
    expect(await world.artifacts.find('default', sha256(png))).toBeUndefined();
  });

  test.each(Object.keys(foreign))('%s is named, with what to do', async (name) => {
    await using world = await apiWorld();
    const { bytes, says } = foreign[name]!;
    const { json } = await world.post('/v1/artifacts', bytes, { 'content-type': 'image/jpeg' });
    expect([json.status, json.code, json.detail]).toEqual([422, 'InvalidImage', expect.stringMatching(says)]);
  });
});

test('an upload of another type is refused before its body is read, with what to do', async () => {
  await using world = await apiWorld();
  const large = Buffer.alloc(26 * 1024 * 1024);
  for (const [type, advice] of [
    ['image/heic', 'The body is declared as image/heic: convert it to JPEG, PNG or WebP'],
    ['application/pdf', 'The body is declared as application/pdf: send JPEG, PNG or WebP'],
  ] as const) {
    const { json } = await world.post('/v1/artifacts', large, { 'content-type': type });
    expect([json.status, json.code, json.detail]).toEqual([415, 'UnsupportedMediaType', advice]);
  }
  const named = await world.post('/v1/artifacts', photo, { 'content-type': 'image/jpg; name=a.jpg' });
  expect([named.status, named.json.mediaType]).toEqual([201, 'image/jpeg']);
});

test('a photograph that EXIF turns is stored upright, and the digest is that of the stored bytes', async () => {
  await using world = await apiWorld();
  const turned = withOrientation(photo, 6);
  const { json } = await world.post('/v1/artifacts', turned, { 'content-type': 'image/jpeg' });
  const bytes = (await world.artifacts.read('default', json.artifact))!;
  expect(json).toEqual({ artifact: sha256(bytes), mediaType: 'image/jpeg', bytes: bytes.length });
  expect(json.artifact).not.toBe(sha256(turned));
  expect(await sharp(bytes).metadata()).toMatchObject({ width: 480, height: 640 });
  const inline = withReferences([{ mediaType: 'image/jpeg', data: turned.toString('base64') }]);
  expect(await stored(world, (await world.post('/v1/jobs', inline)).json.id)).toEqual([json]);
});

describe('base64', () => {
  const data = photo.toString('base64');
  const lines = (end: string): string => data.replaceAll(/.{76}/g, `$&${end}`);
  test.each([
    ['with line breaks', { mediaType: 'image/jpeg', data: lines('\n') }],
    ['with the line breaks of MIME', { mediaType: 'image/jpeg', data: lines('\r\n') }],
    ['without padding', { mediaType: 'image/jpeg', data: data.replaceAll('=', '') }],
    ['in the alphabet of URLs', { mediaType: 'image/jpeg', data: photo.toString('base64url') }],
    ['as a data URL', { mediaType: 'image/jpeg', data: `data:image/jpeg;base64,${data}` }],
    ['as a data URL of image/jpg', { mediaType: 'image/jpeg', data: `data:image/jpg;base64,${data}` }],
    ['as a data URL without mediaType', { data: `data:image/jpeg;base64,${lines('\r\n')}` }],
  ])('%s is accepted', async (_way, reference) => {
    await using world = await apiWorld();
    const { status, json } = await world.post('/v1/jobs', withReferences([reference]));
    expect(status).toBe(202);
    expect(await stored(world, json.id)).toMatchObject([{ artifact: sha256(photo), mediaType: 'image/jpeg' }]);
  });

  test.each([
    [
      'garbage',
      [good, { mediaType: 'image/jpeg', data: '/9j/…' }],
      'InvalidRequest',
      'input.references[1].data',
      /"…" at position 5/,
    ],
    [
      'another type',
      [{ mediaType: 'image/png', data: `data:image/jpeg;base64,${data}` }],
      'InvalidRequest',
      'input.references[0].data',
      /begins with data:image\/jpeg, but mediaType is image\/png/,
    ],
    [
      'other content',
      [{ data: `data:image/png;base64,${data}` }],
      'InvalidImage',
      'input.references[0]',
      /is declared as image\/png, but its content is image\/jpeg/,
    ],
    [
      'HEIC',
      [{ data: `data:image/heic;base64,${foreign['HEIC']!.bytes.toString('base64')}` }],
      'InvalidImage',
      'input.references[0]',
      /is HEIC, declared as image\/heic: convert it to JPEG/,
    ],
    ['no type', [{ data }], 'InvalidRequest', 'input.references[0]', /either \{artifact\} or \{mediaType, data\}/],
    [
      'a type that is not accepted',
      [{ mediaType: 'image/heic', data }],
      'InvalidRequest',
      'input.references[0].mediaType',
      /convert other formats/,
    ],
  ])('%s is refused, with its place', async (_what, references, code, path, message) => {
    await using world = await apiWorld();
    const { json } = await world.post('/v1/jobs', withReferences(references));
    expect([json.status, json.code, json.errors]).toEqual([
      422,
      code,
      [{ path, message: expect.stringMatching(message) }],
    ]);
  });
});

describe('one of several references', () => {
  test('each one with a problem is named where the body has it, and nothing is stored', async () => {
    await using world = await apiWorld();
    const tasks = [{}, {}, { input: { extraReferences: [good, half] } }, { input: { references: [half] } }];
    const { json } = await world.post('/v1/jobs', withReferences([good, half, good], { tasks }));
    expect([json.status, json.code]).toEqual([422, 'InvalidImage']);
    expect(json.detail).toBe('input.references[1] is cut off (and 2 more)');
    expect(json.errors).toEqual([
      { path: 'input.references[1]', message: 'is cut off' },
      { path: 'tasks[2].input.extraReferences[1]', message: 'is cut off' },
      { path: 'tasks[3].input.references[0]', message: 'is cut off' },
    ]);
    expect(await world.artifacts.find('default', sha256(png))).toBeUndefined();
    expect(world.log.stream.size.messages).toBe(0);
  });

  test('a reference that no task uses is not looked at', async () => {
    await using world = await apiWorld();
    const tasks = [{ input: { references: [good] } }];
    expect((await world.post('/v1/jobs', withReferences([half], { tasks }))).status).toBe(202);
  });

  test('stays at its place in the order', async () => {
    await using world = await apiWorld();
    const { artifact } = (await world.post('/v1/artifacts', photo, { 'content-type': 'image/jpeg' })).json;
    const webp = valid['a WebP']!.bytes;
    const references = [
      good,
      { artifact, caption: 'the yard' },
      { mediaType: 'image/webp', data: webp.toString('base64') },
    ];
    const { json } = await world.post('/v1/jobs', withReferences(references));
    expect(await stored(world, json.id)).toEqual([
      { artifact: sha256(png), mediaType: 'image/png', bytes: png.length },
      { artifact, mediaType: 'image/jpeg', bytes: photo.length, caption: 'the yard' },
      { artifact: sha256(webp), mediaType: 'image/webp', bytes: webp.length },
    ]);
  });

  test.each(['StorageFull', 'Unavailable', 'ArtifactStoreFailed'] as const)(
    '%s names the one that was not stored',
    async (code) => {
      const artifacts = fakeArtifactStore();
      await using world = await apiWorld({ artifacts });
      const webp = valid['a WebP']!;
      const { put } = artifacts;
      artifacts.put = (tenant, bytes, mediaType) => {
        if (mediaType === 'image/webp') return Promise.reject(new GenwardenError(code, 'No space is left'));
        return put(tenant, bytes, mediaType);
      };
      const task = { input: { references: [good, { mediaType: 'image/webp', data: webp.bytes.toString('base64') }] } };
      const { json } = await world.post('/v1/jobs', { kind: 'image', input: { prompt: 'a' }, tasks: [task] });
      expect(json.code).toBe(code);
      expect(json.detail).toMatch(/^tasks\[0\]\.input\.references\[1\]: No space is left/);
    },
  );

  test('a stored one is kept until the job expires, once for all tasks; one that expires meanwhile is named', async () => {
    const artifacts = fakeArtifactStore();
    await using world = await apiWorld({ artifacts });
    const { digest: artifact } = await artifacts.put('default', png, 'image/png');
    const { keep } = artifacts;
    const kept: unknown[] = [];
    artifacts.keep = (...args) => (kept.push(args), keep(...args));
    const body = { kind: 'image', input: { prompt: 'a', references: [{ artifact }] }, tasks: [{}, {}] };
    const { json } = await world.post('/v1/jobs', body);
    expect(kept).toEqual([['default', artifact, Date.parse(json.expiresAt)]]);
    artifacts.keep = async () => undefined;
    const refused = await world.post('/v1/jobs', body);
    expect(refused.json).toMatchObject({ status: 422, code: 'ReferenceNotFound' });
    expect(refused.json.detail).toMatch(/^input\.references\[0\]: artifact sha256:\w+ is not stored$/);
  });

  test('one that is not stored is named', async () => {
    await using world = await apiWorld();
    const missing = { artifact: `sha256:${'0'.repeat(64)}` };
    const { json } = await world.post('/v1/jobs', withReferences([good, missing]));
    expect([json.status, json.code]).toEqual([422, 'ReferenceNotFound']);
    expect(json.detail).toMatch(/^input\.references\[1\]: artifact sha256:0+ is not stored$/);
    expect(await world.artifacts.find('default', sha256(png))).toBeUndefined();
  });
});

describe('the size of all references', () => {
  /** Stores artifacts of the given sizes, bytes, without their content. */
  async function uploaded(sizes: readonly number[]) {
    const artifacts = fakeArtifactStore();
    const bySize = new Map(sizes.map((bytes, index) => [`sha256:${String(index).padStart(64, '0')}`, bytes]));
    artifacts.find = (_tenant, digest) =>
      Promise.resolve({ digest, mediaType: 'image/jpeg', bytes: bySize.get(digest)! });
    return { artifacts, references: [...bySize.keys()].map((artifact) => ({ artifact })) };
  }

  test('fits into one request of the model', async () => {
    const { artifacts, references } = await uploaded(Array.from({ length: 10 }, () => 7_000_000));
    await using world = await apiWorld({ artifacts });
    expect((await world.post('/v1/jobs', withReferences(references))).status).toBe(202);
  });

  test('is refused with the numbers otherwise, for each task', async () => {
    const { artifacts, references } = await uploaded(Array.from({ length: 14 }, () => 7_000_000));
    await using world = await apiWorld({ artifacts });
    const tasks = [{ input: { references: references.slice(0, 3) } }, {}];
    const { json } = await world.post('/v1/jobs', withReferences(references, { tasks }));
    const message =
      'has 14 images of 98000000 bytes together, more than the 74 MB that gemini-3.1-flash-image accepts in one request';
    expect([json.status, json.code]).toEqual([422, 'InvalidRequest']);
    expect(json.errors).toEqual([{ path: 'tasks[1].input.references', message }]);
  });

  test('must suit every fallback that the client asked for', async () => {
    const { artifacts, references } = await uploaded([8_000_000]);
    await using world = await apiWorld({ artifacts });
    const fallback = [{ pool: 'default' }];
    const submit = withReferences(references, { pool: 'drawings', policy: { fallback } });
    const { json } = await world.post('/v1/jobs', submit);
    expect([json.status, json.code]).toEqual([413, 'ImageTooLarge']);
    expect(json.detail).toBe(
      'input.references[0] has 8000000 bytes, more than the limit of 7 MB that gemini-3.1-flash-image (policy.fallback[0]) accepts',
    );
  });
});

// Turns reference images into stored artifacts before anything is queued: inline images are checked and stored, and digests are
// looked up within the tenant.

import { mapLimit } from '../../async/mapLimit.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import { invalidRequest, type FieldError } from '../../job/errors/invalidRequest.ts';
import type { Instant, ReferenceImage } from '../../job/task.ts';
import type { ArtifactStore } from '../../ports/artifactStore.ts';
import type { ImageReader } from '../../ports/imageReader.ts';
import { decodeData } from './base64.ts';
import type { ReferenceBody, SubmitBody } from './body.ts';
import type { RequestedTask } from './mergeTasks.ts';
import { checkImages, imageMediaTypes, mediaTypeOf, type NewImage } from './image.ts';

/** What the job refers to: for each reference its image, and for inline ones also the bytes that are not stored yet. */
export interface OpenedReferences {
  /** The size of each image, bytes, and its place in the body. */
  readonly images: ReadonlyMap<ReferenceBody, { readonly bytes: number; readonly path: string }>;
  /**
   * Stores the inline images, and keeps the stored ones until `until`, when the job expires. Throws `ReferenceNotFound` if one has
   * expired meanwhile, or what the store throws, with the place of the reference.
   */
  store(until: Instant): Promise<ResolvedReferences>;
}

/** The stored image of each reference. */
export type ResolvedReferences = ReadonlyMap<ReferenceBody, ReferenceImage>;

export interface ReferenceContext {
  readonly artifacts: Pick<ArtifactStore, 'find' | 'put' | 'keep'>;
  readonly images: ImageReader;
}

interface Place {
  readonly reference: ReferenceBody;
  /** `tasks[3].input.references[0]`. */
  readonly path: string;
}

/** How many requests to the store are under way for one submit. */
const atOnce = 4;

/**
 * Opens each reference once, however many tasks share it: checks every inline image, and finds every stored one. Throws
 * `InvalidRequest`, `InvalidImage`, `ImageTooLarge`, `ReferenceNotFound`, or what the store throws.
 */
export async function openReferences(
  { artifacts, images }: ReferenceContext,
  body: SubmitBody,
  tasks: readonly RequestedTask[],
  tenant: string,
): Promise<OpenedReferences> {
  const used = new Set(tasks.flatMap(({ references }) => references));
  const places = placesOf(body).filter(({ reference }) => used.has(reference));
  const inline = places.filter(({ reference }) => reference.data !== undefined);
  const checked = await checkImages(images, tenant, newImages(inline));
  const found = await findImages(
    artifacts,
    tenant,
    places.filter(({ reference }) => typeof reference.artifact === 'string'),
  );
  const fresh = inline.map((place, index) => ({ ...place, ...checked[index]! }));
  const sizes = [
    ...fresh.map(({ reference, path, bytes }) => [reference, { path, bytes: bytes.length }] as const),
    ...found.map(({ reference, path, image }) => [reference, { path, bytes: image.bytes! }] as const),
  ];
  return {
    images: new Map(sizes),
    async store(until) {
      await keepImages(artifacts, tenant, found, until);
      const stored = await mapLimit(atOnce, fresh, async ({ reference, path, bytes, mediaType }) => {
        const { digest } = await naming(path, () => artifacts.put(tenant, bytes, mediaType));
        return { reference, image: { artifact: digest, mediaType, bytes: bytes.length } };
      });
      return new Map([...stored, ...found].map(({ reference, image }) => [reference, captioned(reference, image)]));
    },
  };
}

const captioned = ({ caption }: ReferenceBody, image: ReferenceImage): ReferenceImage =>
  caption === undefined ? image : { ...image, caption };

/** Every reference at the place where the body has it. */
function placesOf({ input, tasks = [] }: SubmitBody): readonly Place[] {
  const placesIn = (list: readonly ReferenceBody[] | undefined, name: string): Place[] =>
    (list ?? []).map((reference, index) => ({ reference, path: `${name}[${index}]` }));
  return [
    ...placesIn(input?.references, 'input.references'),
    ...tasks.flatMap(({ input: own }, index) => [
      ...placesIn(own?.references, `tasks[${index}].input.references`),
      ...placesIn(own?.extraReferences, `tasks[${index}].input.extraReferences`),
    ]),
  ];
}

/** Decodes base64. Throws `InvalidRequest` with every place whose data is none. */
function newImages(places: readonly Place[]): readonly NewImage[] {
  const images: NewImage[] = [];
  const problems: FieldError[] = [];
  for (const { reference, path } of places) {
    const data = decodeData(reference.data!);
    if (typeof data === 'string') {
      problems.push({ path: `${path}.data`, message: data });
      continue;
    }
    const { mediaType: declared = data.mediaType } = reference;
    if (data.mediaType !== undefined && mediaTypeOf(data.mediaType) !== mediaTypeOf(declared!)) {
      const message = `begins with data:${data.mediaType}, but mediaType is ${declared}`;
      problems.push({ path: `${path}.data`, message });
    }
    images.push({ where: path, bytes: data.bytes, declared });
  }
  if (problems.length > 0) throw invalidRequest(problems);
  return images;
}

interface FoundImage extends Place {
  readonly image: ReferenceImage;
}

async function findImages(
  store: Pick<ArtifactStore, 'find'>,
  tenant: string,
  places: readonly Place[],
): Promise<readonly FoundImage[]> {
  const byDigest = Map.groupBy(places, ({ reference }) => reference.artifact as string);
  const found = await mapLimit(atOnce, [...byDigest], async ([digest, same]) => {
    const image = await findImage(store, tenant, digest, same[0]!.path);
    return same.map((place) => ({ ...place, image }));
  });
  return found.flat();
}

async function findImage(
  store: Pick<ArtifactStore, 'find'>,
  tenant: string,
  digest: string,
  path: string,
): Promise<ReferenceImage> {
  const stored = await naming(path, () => store.find(tenant, digest));
  if (stored === undefined) throw notStored(path, digest);
  const { mediaType, bytes } = stored;
  if (imageMediaTypes.some((accepted) => accepted === mediaType)) return { artifact: digest, mediaType, bytes };
  throw new GenwardenError('InvalidImage', `${path}: artifact ${digest} is ${mediaType}, not PNG, JPEG or WebP`);
}

/** Each digest once, however many tasks use it. */
async function keepImages(
  store: Pick<ArtifactStore, 'keep'>,
  tenant: string,
  found: readonly FoundImage[],
  until: Instant,
): Promise<void> {
  const byDigest = Map.groupBy(found, ({ image }) => image.artifact);
  await mapLimit(atOnce, [...byDigest], async ([digest, [first]]) => {
    const { path } = first!;
    const kept = await naming(path, () => store.keep(tenant, digest, until));
    if (kept === undefined) throw notStored(path, digest);
  });
}

const notStored = (path: string, digest: string): GenwardenError =>
  new GenwardenError('ReferenceNotFound', `${path}: artifact ${digest} is not stored`);

/** Adds the place of the reference to what the store throws. */
async function naming<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof GenwardenError)) throw error;
    throw new GenwardenError(error.code, `${path}: ${error.message}`, { cause: error, details: { ...error.details } });
  }
}

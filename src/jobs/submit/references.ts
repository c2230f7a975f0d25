// Turns reference images into stored artifacts before anything is queued: inline images are checked and stored, and
// digests are looked up within the tenant.

import { GenwardenError } from '../../job/errors/index.ts';
import type { ReferenceImage } from '../../job/task.ts';
import type { ArtifactStore, StoredArtifact } from '../../ports/artifactStore.ts';
import { invalidRequest } from '../../job/errors/invalidRequest.ts';
import type { ReferenceBody } from './body.ts';
import { checkImage, checkImageFits, imageMediaTypes, type ImageMediaType } from './image.ts';
import type { Destination } from './limits.ts';
import type { RequestedTask } from './mergeTasks.ts';

/** The stored image of each reference. */
export type ResolvedReferences = ReadonlyMap<ReferenceBody, ReferenceImage>;

interface Place {
  readonly reference: ReferenceBody;
  /** For errors: `tasks[3].input.references[0]`. */
  readonly path: string;
}

/**
 * Resolves each reference once, however many tasks share it; all inline ones are checked before the first is stored.
 * Throws `InvalidRequest`, `InvalidImage`, `ImageTooLarge`, `ReferenceNotFound`, or what the store throws.
 */
export async function resolveReferences(
  tasks: readonly RequestedTask[],
  store: Pick<ArtifactStore, 'find' | 'put'>,
  tenant: string,
  { provider, model }: Pick<Destination, 'provider' | 'model'>,
): Promise<ResolvedReferences> {
  const places = distinct(tasks);
  const inline = places.filter(({ reference }) => reference.data !== undefined);
  const decoded = new Map(inline.map((place) => [place.reference, decode(place, provider, model)]));
  const resolved = new Map<ReferenceBody, ReferenceImage>();
  for (const { reference, path } of places) {
    const bytes = decoded.get(reference);
    const stored =
      bytes === undefined
        ? await findImage(store, tenant, reference.artifact!, path)
        : await store.put(tenant, bytes, reference.mediaType!);
    checkImageFits(stored.bytes, provider, model, path);
    const { caption } = reference;
    const image = { artifact: stored.digest, mediaType: stored.mediaType, bytes: stored.bytes };
    resolved.set(reference, caption === undefined ? image : { ...image, caption });
  }
  return resolved;
}

function distinct(tasks: readonly RequestedTask[]): readonly Place[] {
  const places = new Map<ReferenceBody, Place>();
  for (const task of tasks) {
    for (const [index, reference] of task.references.entries()) {
      const path = `${task.path}input.references[${index}]`;
      if (!places.has(reference)) places.set(reference, { reference, path });
    }
  }
  return [...places.values()];
}

function decode({ reference, path }: Place, provider: string, model: string): Uint8Array {
  const text = reference.data!;
  const bytes = Buffer.from(text, 'base64');
  // Node ignores invalid characters: the text is base64 only if encoding the bytes yields it again.
  if (text === '' || bytes.toString('base64') !== text) {
    throw invalidRequest([{ path: `${path}.data`, message: 'is not valid base64' }]);
  }
  checkImage(bytes, reference.mediaType!, path);
  checkImageFits(bytes.length, provider, model, path);
  return bytes;
}

async function findImage(
  store: Pick<ArtifactStore, 'find'>,
  tenant: string,
  digest: string,
  path: string,
): Promise<StoredArtifact> {
  const stored = await store.find(tenant, digest);
  if (stored === undefined) throw new GenwardenError('ReferenceNotFound', `${path}: artifact ${digest} is not stored`);
  if (imageMediaTypes.includes(stored.mediaType as ImageMediaType)) return stored;
  throw new GenwardenError('InvalidImage', `${path}: ${digest} is ${stored.mediaType}, not an image`);
}

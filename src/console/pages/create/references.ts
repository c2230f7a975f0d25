// The reference images of the form: from a file that was dropped, chosen or pasted to the digest of the stored image.

import type { GenwardenClient } from '../../../client/index.ts';
import { byteCount } from '../../format.ts';
import { change, changeReference, form, type FormReference } from './form.ts';

export const imageTypes = ['image/png', 'image/jpeg', 'image/webp'] as const;
type ImageType = (typeof imageTypes)[number];

/** How the page reaches the API, with the share of the bytes that have been sent. */
export type Uploader = (onProgress: (fraction: number) => void) => GenwardenClient;

let nextId = 1;
/** For another try. Nothing else keeps the bytes. */
const files = new Map<number, File>();
const stops = new Map<number, AbortController>();

/** Refuses at once what the API would refuse; `largest`: bytes. */
export function fileProblem(
  { name, type, size }: Pick<File, 'name' | 'type' | 'size'>,
  largest: number,
): string | undefined {
  if (!imageTypes.includes(type as ImageType)) {
    return `${name} is ${type === '' ? 'of an unknown type' : type}, not PNG, JPEG or WebP: convert it to one of them`;
  }
  if (size > largest) return `${name} has ${byteCount(size)}; the model accepts at most ${byteCount(largest)}`;
  return undefined;
}

/** Uploads the file at once. */
export function addFile(file: File, uploader: Uploader): void {
  const id = nextId;
  nextId += 1;
  files.set(id, file);
  const reference: FormReference = {
    id,
    name: file.name,
    bytes: file.size,
    preview: URL.createObjectURL(file),
    caption: '',
    upload: { state: 'sending', fraction: 0 },
  };
  change({ references: [...form.value.references, reference] });
  void upload(id, uploader);
}

/** An image that the API has already. */
export function addStored(stored: {
  artifact: string;
  name: string;
  bytes: number;
  preview: string;
  caption: string;
}): void {
  const { artifact, ...rest } = stored;
  const reference: FormReference = { id: nextId, ...rest, upload: { state: 'stored', artifact } };
  nextId += 1;
  change({ references: [...form.value.references, reference] });
}

/** Also after an artifact has expired. */
export async function upload(id: number, uploader: Uploader): Promise<void> {
  const file = files.get(id);
  if (file === undefined) return;
  const stop = new AbortController();
  stops.set(id, stop);
  changeReference(id, { upload: { state: 'sending', fraction: 0 } });
  try {
    const client = uploader((fraction) => changeReference(id, { upload: { state: 'sending', fraction } }));
    const { artifact } = await client.uploadReference(file, file.type as ImageType, { signal: stop.signal });
    changeReference(id, { upload: { state: 'stored', artifact } });
  } catch (error) {
    if (!stop.signal.aborted) changeReference(id, { upload: { state: 'failed', error } });
  } finally {
    stops.delete(id);
  }
}

export const canRepeat = (id: number): boolean => files.has(id);

export function removeReference(id: number): void {
  stops.get(id)?.abort();
  files.delete(id);
  const gone = form.value.references.find((reference) => reference.id === id);
  if (gone?.preview.startsWith('blob:') === true) URL.revokeObjectURL(gone.preview);
  change({ references: form.value.references.filter((reference) => reference.id !== id) });
}

/** `by`: -1 or 1. */
export function moveReference(id: number, by: number): void {
  const references = [...form.value.references];
  const from = references.findIndex((reference) => reference.id === id);
  const to = from + by;
  if (from < 0 || to < 0 || to >= references.length) return;
  [references[from], references[to]] = [references[to]!, references[from]!];
  change({ references });
}

// Makes new chunks the object of a name, unless another process was first.

import { dropChunks, type StoredChunks } from './chunks.ts';
import { readObject, writeObject, type ObjectRecord, type Store } from './record.ts';
import type { Users } from './users.ts';

export interface NewObject extends StoredChunks {
  readonly name: string;
  readonly digest: string;
  readonly mediaType: string;
  readonly size: number;
  readonly users: Users;
}

/** False if another process stored the object meanwhile: one record per name remains, with its chunks. */
export async function replace(store: Store, object: NewObject, known: ObjectRecord | undefined): Promise<boolean> {
  // If no answer arrives, the record may still be stored: its chunks are kept, and expire if it is not.
  if (!(await writeObject(store, { ...object, live: true }, known?.revision ?? 0))) {
    const current = await readObject(store, object.name);
    if (current?.chunkId !== object.chunkId) {
      await dropChunks(store, object.chunkId);
      return false;
    }
  }
  if (known?.live === true) await dropChunks(store, known.chunkId);
  return true;
}

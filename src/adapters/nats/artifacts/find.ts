// Looks up the record of an object, and gives every failure of the store its code.

import { portError } from '../jetstream/errors.ts';
import { readObject, type ObjectRecord, type Store } from './record.ts';

/** Undefined if the object does not exist or was deleted. */
export async function find(store: Store, name: string): Promise<ObjectRecord | undefined> {
  const found = await guarded(`Cannot look up the artifact ${name}`, () => readObject(store, name));
  return found?.live === true ? found : undefined;
}

export async function guarded<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw portError(error, 'ArtifactStoreFailed', what);
  }
}

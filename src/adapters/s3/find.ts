// Finds the object of a digest: at the path that a status records, as a reference, or by the entries of the results.

import { z } from 'zod';
import type { Entry } from './put.ts';
import { entriesOf, referenceKey } from './keys.ts';
import { getJson, head, list, type ObjectInfo } from './objects.ts';
import type { Store } from './settings.ts';

export interface Located {
  readonly key: string;
  readonly info: ObjectInfo;
}

const entryForm: z.ZodType<Entry> = z.object({ path: z.string(), digest: z.string(), expiresAt: z.number() });

/** Undefined for what is no entry. */
export const entryFrom = (value: unknown): Entry | undefined => entryForm.safeParse(value).data;

export async function locate(
  store: Store,
  tenant: string,
  digest: string,
  path?: string,
): Promise<Located | undefined> {
  const known = path === undefined ? undefined : await at(store, path, digest);
  return (
    known ??
    (await at(store, referenceKey(store, tenant, digest), digest)) ??
    (await locateResult(store, tenant, digest))
  );
}

/** More entries than this say nothing new: each is a job that made the same bytes. */
const entriesRead = 16;

/** By listing the folder of one digest, which has an entry for each job that made these bytes. */
export async function locateResult(store: Store, tenant: string, digest: string): Promise<Located | undefined> {
  for (const { key } of await list(store, { prefix: entriesOf(store, tenant, digest), atMost: entriesRead })) {
    const entry = entryFrom(await getJson(store, key));
    const found = entry === undefined ? undefined : await at(store, entry.path, digest);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function at(store: Store, key: string, digest: string): Promise<Located | undefined> {
  const info = await head(store, key);
  return info?.digest === digest ? { key, info } : undefined;
}

// An object as it is to be stored: nothing in it names another version of Genwarden's kinds any more. That matters once a version is
// removed: the API server then fails server-side apply for an object whose managedFields name it (kubernetes issue 111937), and
// the garbage collector cannot look up an owner by it (kubernetes issue 96650).

import { group } from '../../../operator/resources/kinds.ts';
import type { KubeObject, OwnerReference } from '../../../ports/kubernetes.ts';

/** The storage version by kind. */
export type StorageVersions = ReadonlyMap<string, string>;

interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly apiVersion?: string;
  readonly fieldsV1?: Fields;
}

/** A set of fields; the empty set of a leaf is `{}`. */
interface Fields {
  readonly [field: string]: Fields;
}

/** The same object, with owners and managed fields in the storage versions. Fields keep their managers, as all versions have one schema. */
export function inVersion(object: KubeObject, versions: StorageVersions): KubeObject {
  const { ownerReferences, managedFields } = object.metadata as KubeObject['metadata'] & {
    readonly managedFields?: readonly ManagedFields[];
  };
  const stored = isOurs(object.apiVersion) ? versions.get(object.kind) : undefined;
  const metadata = {
    ...object.metadata,
    ...(ownerReferences !== undefined && { ownerReferences: ownerReferences.map((each) => renewed(each, versions)) }),
    ...(managedFields !== undefined &&
      stored !== undefined && { managedFields: merged(managedFields, `${group}/${stored}`) }),
  };
  return { ...object, metadata };
}

/** Whether an owner is named in another version than the stored one. */
export const hasOutdatedOwner = (
  { metadata: { ownerReferences = [] } }: KubeObject,
  versions: StorageVersions,
): boolean => ownerReferences.some((each) => renewed(each, versions).apiVersion !== each.apiVersion);

function renewed(owner: OwnerReference, versions: StorageVersions): OwnerReference {
  const version = versions.get(owner.kind);
  return version === undefined || !isOurs(owner.apiVersion) ? owner : { ...owner, apiVersion: `${group}/${version}` };
}

const isOurs = (apiVersion: string | undefined): boolean => apiVersion?.startsWith(`${group}/`) === true;

/** The API server knows an entry by manager, operation, version and subresource, so entries that differ by version become one. */
function merged(entries: readonly ManagedFields[], apiVersion: string): ManagedFields[] {
  const byIdentity = new Map<string, ManagedFields>();
  for (const each of entries) {
    const entry = isOurs(each.apiVersion) ? { ...each, apiVersion } : each;
    const { manager, operation, subresource } = entry;
    const identity = JSON.stringify([manager, operation, subresource, entry.apiVersion]);
    const same = byIdentity.get(identity);
    const fieldsV1 = union(same?.fieldsV1 ?? {}, entry.fieldsV1 ?? {});
    byIdentity.set(identity, { ...same, ...entry, fieldsV1 });
  }
  return [...byIdentity.values()];
}

function union(one: Fields, other: Fields): Fields {
  const both = Object.entries(other).map(([field, within]) => [field, union(one[field] ?? {}, within)] as const);
  return { ...one, ...Object.fromEntries(both) };
}

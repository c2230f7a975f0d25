// What a change of the CustomResourceDefinitions would break: manifests in git, objects in etcd, or the clients of the release
// before. A field may be added, and a bound widened; nothing else may change. docs/custom-resources-versions.md is the promise.

import { isDeepStrictEqual } from 'node:util';
import type { Definition } from './definitions.ts';
import { narrowed } from './narrowed.ts';
import type { Structural } from './structural.ts';

export interface Incompatibility {
  /** Such as `WorkerPool v1alpha1 spec.keys[].name`. */
  readonly at: string;
  readonly problem: string;
}

type Version = Definition['spec']['versions'][number];

/** Everything in `after` that breaks what `before` promised. Empty: compatible. */
export function incompatibilities(before: readonly Definition[], after: readonly Definition[]): Incompatibility[] {
  return before.flatMap((old) => {
    const at = old.spec.names.kind;
    const fresh = after.find(({ metadata }) => metadata.name === old.metadata.name);
    if (fresh === undefined) return [{ at, problem: 'the kind was removed' }];
    return [
      ...changedIdentity(old, fresh).map((problem) => ({ at, problem })),
      ...changedStorage(old, fresh).map((problem) => ({ at, problem })),
      ...old.spec.versions.flatMap((version) => changedVersion(at, version, fresh.spec.versions)),
    ];
  });
}

function changedIdentity({ spec: old }: Definition, { spec: fresh }: Definition): string[] {
  const fixed = ['kind', 'listKind', 'plural', 'singular'] as const;
  const lists = ['shortNames', 'categories'] as const;
  return [
    ...(old.scope === fresh.scope ? [] : [`the scope changed: ${old.scope} to ${fresh.scope}`]),
    ...fixed
      .filter((name) => old.names[name] !== fresh.names[name])
      .map((name) => `${name} changed: ${old.names[name]} to ${fresh.names[name]}`),
    ...lists.flatMap((name) =>
      old.names[name].filter((each) => !fresh.names[name].includes(each)).map((each) => `${name} lack ${each}`),
    ),
  ];
}

/** The release before must be able to read what this one stores, or there is no way back. */
function changedStorage({ spec: old }: Definition, { spec: fresh }: Definition): string[] {
  const stored = fresh.versions.find(({ storage }) => storage)?.name;
  if (old.versions.some(({ name, served }) => name === stored && served)) return [];
  return [`objects are stored as ${stored}, which the release before does not serve`];
}

function changedVersion(kind: string, old: Version, all: readonly Version[]): Incompatibility[] {
  const at = `${kind} ${old.name}`;
  const fresh = all.find(({ name }) => name === old.name);
  if (fresh === undefined) return [{ at, problem: 'the version was removed' }];
  const subresources = Object.entries(old.subresources)
    .filter(([name, value]) => !isDeepStrictEqual(value, (fresh.subresources as Record<string, unknown>)[name]))
    .map(([name]) => ({ at, problem: `the subresource ${name} was removed or changed` }));
  return [
    ...(old.served && !fresh.served ? [{ at, problem: 'the version is no longer served' }] : []),
    ...subresources,
    ...changedSchema(at, '', old.schema.openAPIV3Schema, fresh.schema.openAPIV3Schema),
  ];
}

function changedSchema(of: string, path: string, old: Structural, fresh: Structural): Incompatibility[] {
  const at = path === '' ? of : `${of} ${path}`;
  const own = narrowed(old, fresh).map((problem) => ({ at, problem }));
  const parts: readonly (readonly [string, Structural | undefined, Structural | undefined])[] = [
    ...Object.entries(old.properties ?? {}).map(
      ([name, each]) => [path === '' ? name : `${path}.${name}`, each, fresh.properties?.[name]] as const,
    ),
    [`${path}[]`, old.items, fresh.items],
    [`${path}.*`, old.additionalProperties, fresh.additionalProperties],
  ];
  const within = parts.flatMap(([place, before, after]) => {
    if (before === undefined) return [];
    if (after === undefined) return [{ at: `${of} ${place}`, problem: 'the field was removed' }];
    return changedSchema(of, place, before, after);
  });
  return [...own, ...within];
}

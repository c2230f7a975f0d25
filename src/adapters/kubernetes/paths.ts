// The addresses of the Kubernetes API: one form for every kind.

import type { ResourceKey, ResourceType } from '../../ports/kubernetes.ts';

export type Query = Readonly<Record<string, string | undefined>>;

/** Of all objects, or of those in a namespace; `name` of one, `subresource` of a part of it. */
export function pathOf(
  { group, version, plural }: ResourceType,
  place: { readonly namespace?: string | undefined; readonly name?: string; readonly subresource?: 'status' },
  query: Query = {},
): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const parts = [
    ...(place.namespace === undefined ? [] : ['namespaces', place.namespace]),
    plural,
    ...(place.name === undefined ? [] : [place.name]),
    ...(place.subresource === undefined ? [] : [place.subresource]),
  ];
  const asked = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const search = new URLSearchParams(asked).toString();
  return `${root}/${parts.map(encodeURIComponent).join('/')}${search === '' ? '' : `?${search}`}`;
}

export const placeOf = ({ namespace, name }: ResourceKey): ResourceKey => ({ namespace, name });

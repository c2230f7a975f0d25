// Whom a request comes from. The aggregator of the API server has authenticated its user and names it in headers, which count
// only on connections with the aggregator's client certificate.
// https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/#authentication-flow

import type { FrontProxy, KubeUser } from '../ports/apiDelegation.ts';

export interface PeerCertificate {
  /** One of the proxy's authorities signed it. */
  readonly isTrusted: boolean;
  readonly commonName: string | undefined;
}

/** Each header with all its values: a user has a header for each group. */
export type DistinctHeaders = Readonly<Record<string, readonly string[] | undefined>>;

/** Undefined if the request does not come from the aggregator, or names nobody. */
export function userOf(proxy: FrontProxy, peer: PeerCertificate, headers: DistinctHeaders): KubeUser | undefined {
  const { isTrusted, commonName } = peer;
  const isAllowed = proxy.allowedNames.length === 0 || proxy.allowedNames.includes(commonName ?? '');
  const name = firstOf(headers, proxy.userHeaders);
  if (!isTrusted || !isAllowed || name === undefined || name === '') return undefined;
  const uid = firstOf(headers, proxy.uidHeaders);
  return {
    name,
    ...(uid === undefined ? {} : { uid }),
    groups: proxy.groupHeaders.flatMap((header) => headers[header] ?? []),
    extra: extraIn(headers, proxy.extraPrefixes),
  };
}

const firstOf = (headers: DistinctHeaders, names: readonly string[]): string | undefined =>
  names.flatMap((name) => headers[name] ?? [])[0];

/** The keys are percent-encoded. */
function extraIn(headers: DistinctHeaders, prefixes: readonly string[]): Record<string, readonly string[]> {
  const extra: Record<string, readonly string[]> = {};
  for (const [header, values = []] of Object.entries(headers)) {
    const prefix = prefixes.find((each) => header.startsWith(each));
    if (prefix !== undefined) extra[decoded(header.slice(prefix.length))] = values;
  }
  return extra;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

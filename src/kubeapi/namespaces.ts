// The namespace in which a tenant's jobs are shown. A tenant whose name can be a namespace is that namespace, as everywhere in
// Genwarden. Other tenants, which only tokens of the HTTP API can have, get a name derived from theirs.

import { createHash } from 'node:crypto';

const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const known = new Map<string, string>();
const maxKnown = 10_000;

/** `Acme_Corp` becomes `acme-corp-` and eight digits of the name's SHA-256. */
export function namespaceOf(tenant: string): string {
  if (label.test(tenant)) return tenant;
  let name = known.get(tenant);
  if (name === undefined) {
    name = derived(tenant);
    if (known.size >= maxKnown) known.clear();
    known.set(tenant, name);
  }
  return name;
}

function derived(tenant: string): string {
  const readable = tenant
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 54)
    .replace(/-$/, '');
  const digest = createHash('sha256').update(tenant).digest('hex').slice(0, 8);
  return readable === '' ? digest : `${readable}-${digest}`;
}

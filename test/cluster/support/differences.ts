// Where an object in the cluster differs from its manifest: what a tool for GitOps would show as drift. Fields that the API
// server or a controller added do not count.

/** Paths, with both values; empty if the cluster has everything as the manifest says. */
export function differences(manifest: unknown, live: unknown, path = ''): string[] {
  if (manifest === null || typeof manifest !== 'object') {
    return manifest === live ? [] : [`${path}: ${JSON.stringify(manifest)} is ${JSON.stringify(live)}`];
  }
  if (Array.isArray(manifest)) {
    const others = Array.isArray(live) ? (live as unknown[]) : [];
    if (others.length !== manifest.length) return [`${path}: ${manifest.length} entries are ${others.length}`];
    return manifest.flatMap((each, index) => differences(each, others[index], `${path}[${index}]`));
  }
  const other = (live ?? {}) as Record<string, unknown>;
  return Object.entries(manifest).flatMap(([key, each]) => differences(each, other[key], `${path}.${key}`));
}

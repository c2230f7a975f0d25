// The order of resource versions, which Kubernetes has promised to be comparable as numbers (KEP-5504).

/** False where it cannot be told: then the other counts as good as newer. */
export function isNewer(version: string, than: string): boolean {
  if (!digits.test(version) || !digits.test(than)) return false;
  return version.length === than.length ? version > than : version.length > than.length;
}

const digits = /^[1-9]\d*$/;

// JSON values from clients: limited in depth before any code recurses over them, and digested in a canonical form.

import { createHash, type Hash } from 'node:crypto';

const maxDepth = 64;

/** The problem of a value that is more than `maxBytes` long as JSON or more than `levels` deep, or undefined. */
export function jsonProblem(value: unknown, maxBytes: number, levels = maxDepth): string | undefined {
  if (isDeeperThan(value, levels)) return `is more than ${levels} levels deep`;
  return Buffer.byteLength(JSON.stringify(value)) > maxBytes ? `is larger than ${maxBytes / 1024} KiB` : undefined;
}

/**
 * The path of an integer beyond 2^53 or of an infinite number, which may have been rounded when it was parsed; undefined if there is none. For values
 * that another program has parsed.
 */
export function roundedNumberAt(value: unknown): readonly PropertyKey[] | undefined {
  const open: { value: unknown; path: PropertyKey[] }[] = [{ value, path: [] }];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const { value: each, path } = at;
    if (typeof each === 'number' && !isSafe(each)) return path;
    if (Array.isArray(each))
      open.push(...each.map((inner: unknown, index) => ({ value: inner, path: [...path, index] })));
    else if (typeof each === 'object' && each !== null)
      open.push(
        ...Object.entries(each).map(([key, inner]: [string, unknown]) => ({
          value: inner,
          path: [...path, key],
        })),
      );
  }
  return undefined;
}

const isSafe = (number: number): boolean =>
  Number.isInteger(number) ? Number.isSafeInteger(number) : Number.isFinite(number);

/** `sha256:…` of a JSON value; the order of keys does not matter. */
export function digestOf(value: unknown): string {
  const hash = createHash('sha256');
  update(hash, value);
  return `sha256:${hash.digest('hex')}`;
}

/** Objects and lists are levels. Without recursion, because a body of a few megabytes can be a million levels deep. */
function isDeeperThan(value: unknown, levels: number): boolean {
  let level = [value].filter(isNested);
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > levels) return true;
    level = level.flatMap((each): unknown[] => Object.values(each)).filter(isNested);
  }
  return false;
}

const isNested = (value: unknown): value is object => typeof value === 'object' && value !== null;

function update(hash: Hash, value: unknown): void {
  if (typeof value !== 'object' || value === null) {
    hash.update(JSON.stringify(value));
  } else if (Array.isArray(value)) {
    hash.update('[');
    for (const each of value) {
      update(hash, each);
      hash.update(',');
    }
    hash.update(']');
  } else {
    hash.update('{');
    for (const [key, each] of Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      if (each === undefined) continue;
      hash.update(`${JSON.stringify(key)}:`);
      update(hash, each);
      hash.update(',');
    }
    hash.update('}');
  }
}

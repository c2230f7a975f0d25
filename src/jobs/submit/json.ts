// JSON values of clients: bounded in depth before anything recurses over them, and in one canonical form for digests.

import { createHash, type Hash } from 'node:crypto';

const mostDepth = 64;

/** What is wrong with a value that may be at most `mostBytes` as JSON and `levels` deep; undefined where nothing is. */
export function jsonProblem(value: unknown, mostBytes: number, levels = mostDepth): string | undefined {
  if (isDeeperThan(value, levels)) return `is more than ${levels} levels deep`;
  return Buffer.byteLength(JSON.stringify(value)) > mostBytes ? `is larger than ${mostBytes / 1024} KiB` : undefined;
}

/** `sha256:…` of a JSON value; the order of keys does not matter. */
export function digestOf(value: unknown): string {
  const hash = createHash('sha256');
  feed(hash, value);
  return `sha256:${hash.digest('hex')}`;
}

/** Level by level, without recursion: a body of a few megabytes can be a million levels deep. */
function isDeeperThan(value: unknown, depth: number): boolean {
  let level: unknown[] = [value];
  for (let at = 0; at <= depth; at += 1) {
    level = level.flatMap((each): unknown[] => (typeof each === 'object' && each !== null ? Object.values(each) : []));
    if (level.length === 0) return false;
  }
  return true;
}

function feed(hash: Hash, value: unknown): void {
  if (typeof value !== 'object' || value === null) {
    hash.update(JSON.stringify(value));
  } else if (Array.isArray(value)) {
    hash.update('[');
    for (const each of value) {
      feed(hash, each);
      hash.update(',');
    }
    hash.update(']');
  } else {
    hash.update('{');
    for (const [key, each] of Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      if (each === undefined) continue;
      hash.update(`${JSON.stringify(key)}:`);
      feed(hash, each);
      hash.update(',');
    }
    hash.update('}');
  }
}

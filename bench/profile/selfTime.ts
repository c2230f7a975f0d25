// Reads a CPU profile of V8 and sums the time that each function itself took.

/** The parts of the `.cpuprofile` format that matter here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  /** Ids of nodes. */
  readonly samples: readonly number[];
  /** Before each sample, µs. */
  readonly timeDeltas: readonly number[];
}

export interface SelfTime {
  readonly name: string;
  /** `(idle)` and the like have none. */
  readonly where: string;
  readonly ms: number;
  /** Of the time that was not idle, 0 to 1. */
  readonly share: number;
}

/** The most expensive first, without waiting and without the profiler. */
export function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): SelfTime[] {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const times = new Map<string, { name: string; where: string; us: number }>();
  let busy = 0;
  for (const [at, id] of samples.entries()) {
    const { functionName, url, lineNumber } = frames.get(id)!;
    if (functionName === '(idle)' || functionName === '(root)' || url === 'node:inspector') continue;
    const where = url === '' ? '' : `${shortUrl(url)}:${lineNumber + 1}`;
    const name = functionName === '' ? '(anonymous)' : functionName;
    const key = `${name} ${where}`;
    const time = times.get(key) ?? { name, where, us: 0 };
    // V8 may put a sample before the one it took earlier.
    time.us += Math.max(0, timeDeltas[at] ?? 0);
    busy += Math.max(0, timeDeltas[at] ?? 0);
    times.set(key, time);
  }
  return [...times.values()]
    .toSorted((one, other) => other.us - one.us)
    .map(({ name, where, us }) => ({ name, where, ms: us / 1_000, share: us / busy }));
}

/** By package or by folder of the product, so that many small functions of one part count together. */
export function byPart(times: readonly SelfTime[]): SelfTime[] {
  const parts = new Map<string, SelfTime>();
  for (const { name, where, ms, share } of times) {
    const part = partOf(name, where);
    const before = parts.get(part);
    parts.set(part, { name: part, where: '', ms: ms + (before?.ms ?? 0), share: share + (before?.share ?? 0) });
  }
  return [...parts.values()].toSorted((one, other) => other.ms - one.ms);
}

function partOf(name: string, where: string): string {
  if (where === '') return name;
  const inPackage = /^((?:@[^/]+\/)?[^/@]+)\//.exec(where)?.[1];
  if (where.startsWith('node:')) return where.replace(/:\d+$/, '');
  if (/^(?:dist|src|bench)\//.test(where)) return where.replace(/\/[^/]*$/, '');
  return inPackage ?? where;
}

const shortUrl = (url: string): string =>
  url.replace(/^.*\/node_modules\//, '').replace(/^file:\/\/.*?\/((?:dist|src|bench)\/)/, '$1');

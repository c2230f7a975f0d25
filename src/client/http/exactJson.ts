// Writes JSON without changing a number in silence: JavaScript writes NaN and infinite numbers as null.

/** Throws `TypeError`, with the place, for a number that JSON cannot hold. */
export function jsonText(body: unknown): string {
  const paths = new Map<unknown, string>();
  return JSON.stringify(body, function check(this: unknown, key: string, value: unknown): unknown {
    const holder = paths.get(this) ?? '';
    const path = Array.isArray(this) ? `${holder}[${key}]` : holder === '' ? key : `${holder}.${key}`;
    if (typeof value === 'object' && value !== null) paths.set(value, path);
    if (typeof value !== 'number' || Number.isFinite(value)) return value;
    throw new TypeError(`${path === '' ? 'The body' : path} is ${value}, which JSON cannot hold`);
  });
}

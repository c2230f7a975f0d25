// One key for one submit: the same request repeats its key after a lost answer, so that there is one job. A changed request, and the
// next submit after a success, get a new one.

export interface Attempt {
  readonly body: string;
  readonly key: string;
}

/** `last`: the attempt before, if it has not succeeded. */
export function attemptOf(body: string, last: Attempt | undefined, newKey: () => string): Attempt {
  return last?.body === body ? last : { body, key: newKey() };
}

/** Not `crypto.randomUUID`, which browsers have only on pages that come by https. */
export function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `console-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

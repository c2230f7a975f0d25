// The bucket of the key rings on the simulated server: conditional records, with every change sent to all connected processes.

import type { Listener } from './connection.ts';

export interface BucketEntry {
  readonly name: string;
  readonly value: unknown;
  readonly revision: number;
}

export class Bucket {
  readonly entries = new Map<string, BucketEntry>();
  readonly listeners = new Set<Listener<BucketEntry>>();
  /** Called on the server itself, with the name of each entry that changed. */
  readonly observers: ((name: string) => void)[] = [];
  #revision = 0;

  /** The new entry, or undefined if another write came first. */
  put(name: string, value: unknown, previous: number): BucketEntry | undefined {
    if ((this.entries.get(name)?.revision ?? 0) !== previous) return undefined;
    this.#revision += 1;
    const entry = { name, value, revision: this.#revision };
    this.entries.set(name, entry);
    for (const observe of this.observers) observe(name);
    for (const { link, hear } of this.listeners) link.deliver(() => hear(entry));
    return entry;
  }
}

// Keeps a copy of a bucket in memory with one watcher per process. The watcher restarts after a reconnect, and the copy is
// compared with a full listing every 30 s, as a watcher can fall silent without an error.

import type { KV } from '@nats-io/kv';
import { sleep } from '../../../async/sleep.ts';
import { streamInfo } from '../jetstream/api.ts';
import { allOfSubject } from '../jetstream/reads.ts';
import { retryAtStart, retryDelay } from '../jetstream/retry.ts';
import type { NatsLink } from '../link/connection.ts';

export interface BucketEntry {
  readonly key: string;
  readonly revision: number;
  readonly value: Uint8Array;
}

export interface BucketMirror {
  readonly entries: ReadonlyMap<string, BucketEntry>;
  /** For this process's own writes. A revision older than the known one is ignored. */
  apply(entry: BucketEntry): void;
  /** For a key that has no value, according to the stream's leader. */
  forget(key: string): void;
  /** Calls back with each key that was changed or deleted, until the returned function is called. */
  onChange(listener: (key: string) => void): () => void;
}

const listEveryMs = 30_000;

/** Resolves with the bucket's whole content; ends with the link. Throws as `retryAtStart` does. */
export async function mirrorBucket(link: NatsLink, kv: KV, bucket: string): Promise<BucketMirror> {
  const entries = new Map<string, BucketEntry>();
  const listeners = new Set<(key: string) => void>();
  const changed = (key: string): void => listeners.forEach((listener) => listener(key));
  const apply = (entry: BucketEntry): void => {
    if ((entries.get(entry.key)?.revision ?? 0) >= entry.revision) return;
    entries.set(entry.key, entry);
    changed(entry.key);
  };
  const remove = (key: string, revision: number): void => {
    if ((entries.get(key)?.revision ?? Infinity) > revision) return;
    entries.delete(key);
    changed(key);
  };
  const list = async (): Promise<void> => {
    const { found, upTo } = await listBucket(link, bucket);
    for (const entry of found) apply(entry);
    const keys = new Set(found.map(({ key }) => key));
    for (const key of entries.keys()) if (!keys.has(key)) remove(key, upTo);
  };
  await retryAtStart(link, `The bucket ${bucket} cannot be listed`, list);
  void keepWatching(link, kv, { apply, remove });
  void keepListing(link, list);
  return {
    entries,
    apply,
    forget: (key) => void entries.delete(key),
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** All values, read without a consumer: a bucket has one message for each key. One that changes meanwhile may be found twice. */
async function listBucket(link: NatsLink, bucket: string): Promise<{ found: BucketEntry[]; upTo: number }> {
  const stream = `KV_${bucket}`;
  const { state } = await streamInfo(link, stream);
  const messages = await allOfSubject(link, stream, `$KV.${bucket}.>`);
  const values = messages.filter(({ headers }) => (headers?.get('KV-Operation') ?? '') === '');
  const found = values.map(({ subject, sequence, data }) => ({
    key: subject.slice(`$KV.${bucket}.`.length),
    revision: sequence,
    value: data,
  }));
  return { found, upTo: state.last_seq };
}

async function keepListing(link: NatsLink, list: () => Promise<void>): Promise<void> {
  while (!link.closing.aborted) {
    await sleep(listEveryMs, link.closing);
    if (!link.closing.aborted) await link.whileConnected(list).catch(() => undefined);
  }
}

interface Sink {
  apply(entry: BucketEntry): void;
  remove(key: string, revision: number): void;
}

async function keepWatching(link: NatsLink, kv: KV, sink: Sink): Promise<void> {
  for (let failures = 0; !link.closing.aborted;) {
    try {
      await link.whenConnected(link.closing);
      await watchOnce(link, kv, sink);
      failures = 0;
    } catch (error) {
      if (!link.closing.aborted) link.log.debug({ err: error }, "Restarting a bucket's watcher");
      await sleep(retryDelay((failures += 1)), link.closing);
    }
  }
}

/** Watches until the connection changes: the watcher's consumer may not have survived. */
async function watchOnce(link: NatsLink, kv: KV, sink: Sink): Promise<void> {
  const watcher = await link.whileConnected(() => kv.watch());
  const end = (): void => watcher.stop();
  const stop = link.onStatus(end);
  link.closing.addEventListener('abort', end, { once: true });
  try {
    for await (const { key, revision, value, operation } of watcher) {
      if (operation === 'PUT') sink.apply({ key, revision, value });
      else sink.remove(key, revision);
    }
  } finally {
    stop();
    link.closing.removeEventListener('abort', end);
  }
}

// A bucket kept in memory: one watcher per process, begun anew after a reconnect and checked against a full list now and
// then, as a watcher can fall silent without an error.

import { setTimeout as pause } from 'node:timers/promises';
import type { KV } from '@nats-io/kv';
import { isNothingFound } from '../jetstream/errors.ts';
import type { NatsLink } from '../link/connection.ts';
import { untilAnswered } from '../jetstream/untilAnswered.ts';

export interface Mirrored {
  readonly key: string;
  readonly revision: number;
  readonly value: Uint8Array;
}

export interface BucketMirror {
  readonly entries: ReadonlyMap<string, Mirrored>;
  /** Own writes, at once. An older revision than the known one changes nothing. */
  apply(entry: Mirrored): void;
  /** The key has no value, as its leader says. */
  forget(key: string): void;
  /** Calls back with the key that changed or went away, until the returned function is called. */
  onChange(listener: (key: string) => void): () => void;
}

const listEveryMs = 30_000;

/** Resolves with all that is in the bucket; ends with the link. Throws as `untilAnswered` does. */
export async function mirrorBucket(link: NatsLink, kv: KV, bucket: string): Promise<BucketMirror> {
  const entries = new Map<string, Mirrored>();
  const listeners = new Set<(key: string) => void>();
  const changed = (key: string): void => listeners.forEach((listener) => listener(key));
  const apply = (entry: Mirrored): void => {
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
  await untilAnswered(link, `The bucket ${bucket} cannot be listed`, list);
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

/** All values, without a consumer; a bucket holds at most 1,024, which is where the server refuses. */
async function listBucket(link: NatsLink, bucket: string): Promise<{ found: Mirrored[]; upTo: number }> {
  const stream = `KV_${bucket}`;
  const { state } = await link.jsm.streams.info(stream);
  const found: Mirrored[] = [];
  try {
    const messages = await link.jsm.direct.getLastMessagesFor(stream, { multi_last: [`$KV.${bucket}.>`] });
    for await (const { subject, seq, data, header } of messages) {
      if (header.get('KV-Operation') !== '') continue;
      found.push({ key: subject.slice(`$KV.${bucket}.`.length), revision: seq, value: data });
    }
  } catch (error) {
    if (!isNothingFound(error)) throw error;
  }
  return { found, upTo: state.last_seq };
}

async function keepListing(link: NatsLink, list: () => Promise<void>): Promise<void> {
  while (!link.closing.aborted) {
    await pause(listEveryMs, undefined, { signal: link.closing, ref: false }).catch(() => undefined);
    if (!link.closing.aborted) await link.whileConnected(list).catch(() => undefined);
  }
}

interface Sink {
  apply(entry: Mirrored): void;
  remove(key: string, revision: number): void;
}

async function keepWatching(link: NatsLink, kv: KV, sink: Sink): Promise<void> {
  while (!link.closing.aborted) {
    try {
      await link.whenConnected(link.closing);
      await watchOnce(link, kv, sink);
    } catch (error) {
      if (!link.closing.aborted) link.log.debug({ err: error }, "A bucket's watcher begins anew");
      await pause(250, undefined, { signal: link.closing }).catch(() => undefined);
    }
  }
}

/** Until the connection changes: the watcher's consumer may not have survived. */
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

// The same bytes in the simplest loops: the object store of NATS by its own client, and files.

import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Objm, type ObjectStore } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import { inParallel, timed } from '../measure.ts';

/** MB/s to store, and to read. */
export interface Speeds {
  readonly store: number;
  readonly read: number;
}

export async function objectStoreLoop(
  connection: NatsConnection,
  count: number,
  size: number,
  atOnce: number,
): Promise<Speeds> {
  const bucket = await new Objm(connection).create('bare');
  const store = await timed(() =>
    inParallel(count, atOnce, (index) => bucket.putBlob({ name: `picture-${index}` }, picture(index, size))),
  );
  const read = await timed(() => inParallel(count, atOnce, (index) => readObject(bucket, `picture-${index}`, size)));
  return speedsOf(count * size, store, read);
}

/** Each file is synced to the disk; they are read from the page cache. */
export async function diskLoop(folder: string, count: number, size: number, atOnce: number): Promise<Speeds> {
  await mkdir(folder, { recursive: true });
  const store = await timed(() =>
    inParallel(count, atOnce, async (index) => {
      await using file = await open(join(folder, String(index)), 'w');
      await file.writeFile(picture(index, size));
      await file.sync();
    }),
  );
  const read = await timed(() => inParallel(count, atOnce, (index) => readFile(join(folder, String(index)))));
  return speedsOf(count * size, store, read);
}

async function readObject(bucket: ObjectStore, name: string, size: number): Promise<void> {
  const bytes = await bucket.getBlob(name);
  if (bytes?.length !== size) throw new Error(`${name} has ${bytes?.length} bytes instead of ${size}`);
}

function picture(index: number, size: number): Buffer {
  const bytes = Buffer.alloc(size, 7);
  bytes.writeUInt32LE(index, size - 4);
  return bytes;
}

const speedsOf = (bytes: number, store: number, read: number): Speeds => ({
  store: bytes / 1e6 / store,
  read: bytes / 1e6 / read,
});

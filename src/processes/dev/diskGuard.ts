// Watches the disk of the embedded nats-server. When it is nearly full, submits and artifacts stop. When a write has failed, the
// reserve is released and the server restarted, because it would store nothing more; when there is room, the reserve is restored.

import { sleep } from '../../async/sleep.ts';
import { logEvent } from '../../job/logEvents/index.ts';
import type { DiskWatch } from '../../ports/storageHealth.ts';
import type { Logger } from '../../telemetry/log.ts';
import { diskSpace, inMebibytes, releaseReserve, reserveOf, writeReserve, type DiskSpace } from './diskReserve.ts';

/** ms. */
const checkEvery = 500;
/** Bytes that the server needs at a restart. */
const leastFree = 1_048_576;

/** A nats-server that fails to write says so in its log, and stores nothing more in that stream until it restarts. */
const failedWrite = /no space left on device|JetStream out of .*resources/;

export interface GuardedServer {
  /** Calls the listener with what the server logs. */
  onLog(listener: (text: string) => void): void;
  /** On the same port and with the same data. */
  restart(): Promise<void>;
}

export interface DiskGuard extends DiskWatch {
  close(): Promise<void>;
}

export interface DiskGuardOptions {
  readonly dataDir: string;
  readonly server: GuardedServer;
  readonly logger: Logger;
}

const restarted = 'nats-server could not write to the full disk: it was restarted on the reserve for statuses';
const notRestarted = 'nats-server did not restart on the full disk; will retry';
const unchecked = 'The disk of the data folder cannot be checked';

/** The caller closes it before the server. */
export async function guardDisk({ dataDir, server, logger }: DiskGuardOptions): Promise<DiskGuard> {
  const listeners = new Set<() => void>();
  const closing = new AbortController();
  let words: string | undefined;
  let writeFailed = false;
  let wake = new AbortController();
  server.onLog((text) => {
    if (!failedWrite.test(text)) return;
    writeFailed = true;
    wake.abort();
  });
  await check();
  const watching = watch();
  return {
    onReserve: () => words,
    onChange: (listener) => {
      listeners.add(listener);
      // A process that starts on a full disk knows it at once.
      listener();
      return () => listeners.delete(listener);
    },
    close: async () => {
      closing.abort();
      await watching;
    },
  };

  async function watch(): Promise<void> {
    while (!closing.signal.aborted) {
      await sleep(checkEvery, AbortSignal.any([closing.signal, wake.signal]));
      wake = new AbortController();
      if (closing.signal.aborted) return;
      await check().catch((err: unknown) => logEvent(logger, 'disk_unchecked', { err }, unchecked));
    }
  }

  async function check(): Promise<void> {
    if (writeFailed) await recover();
    const space = await diskSpace(dataDir);
    const reserve = reserveOf(space.total);
    if (space.reserved && space.free < leastFree) await releaseReserve(dataDir);
    const spare = spareOf(space, reserve);
    if (!writeFailed && spare >= 2 * reserve) {
      if (!space.reserved) await writeReserve(dataDir, reserve);
      tell(undefined);
    } else if (writeFailed || spare < reserve) {
      tell(`${inMebibytes(space.free)} left in ${dataDir}; free ${inMebibytes(2 * reserve - spare)} or more`);
    }
  }

  async function recover(): Promise<void> {
    await releaseReserve(dataDir);
    if ((await diskSpace(dataDir)).free < leastFree) return;
    writeFailed = false;
    try {
      await server.restart();
      logEvent(logger, 'nats_server_restarted', {}, restarted);
    } catch (err) {
      writeFailed = true;
      if (!closing.signal.aborted) logEvent(logger, 'nats_server_restart_failed', { err }, notRestarted);
    }
  }

  function tell(next: string | undefined): void {
    const changed = (words === undefined) !== (next === undefined);
    words = next;
    if (changed) for (const listener of listeners) listener();
  }
}

/** What is free beside the reserve, bytes. */
const spareOf = ({ free, reserved }: DiskSpace, reserve: number): number => free - (reserved ? 0 : reserve);

// A real Redis on a free port, with its files in a temporary folder.

import { freePort } from '../../test/support/freePorts.ts';
import { startProcess } from '../../test/support/process.ts';
import { tempFolder } from '../../test/support/tempFolder.ts';

export type Appendfsync = 'everysec' | 'always';

export interface Redis extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
}

/** Throws with what to install if there is none. */
export async function startRedis(appendfsync: Appendfsync): Promise<Redis> {
  await using owned = new AsyncDisposableStack();
  const folder = owned.use(await tempFolder('redis'));
  const port = await freePort();
  const settings = { port, bind: '127.0.0.1', dir: folder.path, save: '', appendonly: 'yes', appendfsync };
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  // What BullMQ asks for in production.
  flags.push('--maxmemory-policy', 'noeviction');
  const redis = owned.use(await started(flags));
  const kept = owned.move();
  return { port, pid: redis.pid, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function started(flags: string[]): ReturnType<typeof startProcess> {
  try {
    return await startProcess('redis-server', flags, { readyWhen: /ready to accept connections/i });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error('redis-server is not on PATH: hack/install-redis.sh installs it', { cause: error });
  }
}

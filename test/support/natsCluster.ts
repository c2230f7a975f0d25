// Several real nats-servers as one JetStream cluster on this machine.
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { freePorts } from './freePorts.ts';
import { startNatsServer, type NatsServer, type NatsServerOptions } from './natsServer.ts';
import { until } from './until.ts';

export interface NatsCluster extends AsyncDisposable {
  /** Each may be killed and restarted on its own. */
  readonly servers: readonly NatsServer[];
  readonly urls: readonly string[];
  /** Resolves once a meta leader places a stream on every server: all are up, and know of each other. */
  ready(): Promise<void>;
  stop(): Promise<void>;
}

/** Resolves once the cluster is `ready`. */
export async function startNatsCluster(
  size = 3,
  options: Pick<NatsServerOptions, 'systemAccount' | 'maxFileStore' | 'config'> = {},
): Promise<NatsCluster> {
  const servers = await startAll(size, options);
  const urls = servers.map((server) => server.url);
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()));
  };
  const ready = (): Promise<void> => placesStreamOnAll(urls);
  await ready().catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { servers, urls, ready, stop, [Symbol.asyncDispose]: stop };
}

async function startAll(size: number, options: NatsServerOptions): Promise<NatsServer[]> {
  const ports = await freePorts(size);
  const routes = ports.map((port) => `"nats://127.0.0.1:${port}"`).join(', ');
  const starts = await Promise.allSettled(
    ports.map((port, index) =>
      startNatsServer({
        ...options,
        config: `server_name: n${index + 1}
          cluster { name: test, listen: "127.0.0.1:${port}", routes: [${routes}], pool_size: 1 }
          ${options.config ?? ''}`,
      }),
    ),
  );
  const servers = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  const failure = starts.find((start) => start.status === 'rejected');
  if (failure === undefined) return servers;
  await Promise.all(servers.map((server) => server.stop()));
  throw failure.reason;
}

async function placesStreamOnAll(urls: string[]): Promise<void> {
  const connection = await connect({ servers: urls, timeout: 5_000, maxReconnectAttempts: -1 });
  try {
    await until(
      async () => {
        const manager = await jetstreamManager(connection, { timeout: 2_000 });
        const name = `READY_${performance.now().toString().replace('.', '_')}`;
        await manager.streams.add({ name, subjects: [name], storage: 'memory', num_replicas: urls.length });
        return manager.streams.delete(name);
      },
      { what: `a meta leader over ${urls.length} servers`, timeoutMs: 30_000, intervalMs: 100 },
    );
  } finally {
    await connection.close();
  }
}

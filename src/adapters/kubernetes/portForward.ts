// Port-forwards to pods: one connection by client-node, which does that well, and a local port that opens one for each client.

import { createServer, type AddressInfo, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { GenwardenError } from '../../job/errors/index.ts';
import { KubeError, type PodConnection, type ResourceKey } from '../../ports/kubernetes.ts';
import { clientNode, type Kubeconfig } from './kubeconfig.ts';

export interface Tunnel {
  readonly url: string;
  /** Why the latest connection failed; undefined when it succeeded. */
  failure(): unknown;
  close(): Promise<void>;
}

/**
 * Listens on a local port and calls `dial` for each client. Dials once at the start, so that a missing right is reported before
 * anything is sent. Throws what `dial` throws.
 */
export async function openTunnel(dial: () => Promise<PodConnection>): Promise<Tunnel> {
  let ahead: PodConnection | undefined = await dial();
  ahead.onClose(() => (ahead = undefined));
  let failure: unknown;
  const sockets = new Set<Socket>();
  const connect = async (socket: Socket): Promise<void> => {
    try {
      const connection = ahead ?? (await dial());
      ahead = undefined;
      failure = undefined;
      join(socket, connection, (why) => (failure = broken(why)));
    } catch (error) {
      failure = error;
      socket.destroy();
    }
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket)).on('error', () => undefined);
    void connect(socket);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    failure: () => failure,
    close: async () => {
      ahead?.close();
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

const broken = (why: string | undefined): GenwardenError =>
  new GenwardenError('ServerUnreachable', `The port-forward to the API broke${why === undefined ? '' : `: ${why}`}`);

function join(socket: Socket, connection: PodConnection, onBroken: (why: string | undefined) => void): void {
  let ended = false;
  const end = (): void => {
    ended = true;
    connection.close();
    socket.destroy();
  };
  connection.onClose((why) => {
    if (!ended) onBroken(why);
    // Data that arrived earlier is still delivered.
    connection.fromPod.end(() => end());
  });
  socket.once('close', end);
  socket.pipe(connection.toPod);
  connection.fromPod.pipe(socket);
}

/** The part of client-node's WebSocket that is used here. */
interface PodSocket {
  onclose: () => void;
  onerror: (event: { readonly message: string }) => void;
  close(): void;
}

/** Throws `KubeError`. */
export async function forwardPort(
  { config }: Kubeconfig,
  { namespace, name }: ResourceKey,
  port: number,
): Promise<PodConnection> {
  const { PortForward } = await clientNode();
  const [toPod, fromPod, errors] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const listeners = new Set<(why: string | undefined) => void>();
  let closed: { why: string | undefined } | undefined;
  const end = (why: string | undefined): void => {
    closed ??= { why };
    for (const listener of listeners) listener(closed.why);
    listeners.clear();
  };
  let socket: PodSocket;
  try {
    const forwarder = new PortForward(config);
    socket = (await forwarder.portForward(namespace, name, [port], fromPod, errors, toPod)) as unknown as PodSocket;
  } catch (error) {
    throw kubeError(error);
  }
  socket.onclose = () => end(undefined);
  socket.onerror = (event) => end(event.message);
  errors.on('data', (text: Buffer) => {
    if (text.length === 0) return;
    end(text.toString('utf8').trim());
    socket.close();
  });
  const onClose = (listener: (why: string | undefined) => void): void => {
    if (closed === undefined) listeners.add(listener);
    else listener(closed.why);
  };
  return { toPod, fromPod, onClose, close: () => socket.close() };
}

function kubeError(thrown: unknown): KubeError {
  // A WebSocket fails with an event that carries the error.
  const error = (thrown as { error?: unknown }).error ?? thrown;
  const { message } = error as { message?: unknown };
  const why = typeof message === 'string' && message !== '' ? message.split('\n', 1)[0]! : 'no answer';
  // This is how `ws` reports that the server refused to switch protocols.
  const [, status = '0'] = /Unexpected server response: (\d{3})/.exec(why) ?? [];
  return new KubeError(Number(status), 'PortForward', why, { cause: error });
}

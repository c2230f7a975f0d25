// A port of this machine that leads to a pod of the API, through the Kubernetes API server: each connection to it is a
// port-forward of its own, and goes to whichever pod is ready then.

import { createServer, type AddressInfo, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import type { KubeConfig } from '@kubernetes/client-node';
import { GenwardenError } from '../../job/errors/index.ts';
import { clusterError, statusOf } from './clusterErrors.ts';
import type { ApiPod } from '../../cli/kubectl/installation.ts';
import { kubernetes } from './kubeconfig.ts';

export interface Tunnel {
  readonly url: string;
  /** Why the last connection could not be made; undefined once one was. */
  failure(): GenwardenError | undefined;
  close(): Promise<void>;
}

/** One connection to a pod. */
export interface Forward {
  readonly toPod: PassThrough;
  readonly fromPod: PassThrough;
  /** Calls when either end, or what is between, is gone. */
  onGone(gone: (why: string | undefined) => void): void;
  close(): void;
}

/**
 * The first connection is made at once, so that what forbids it is told before anything is sent. Throws what `dial` throws.
 */
export async function openTunnel(dial: () => Promise<Forward>): Promise<Tunnel> {
  let ahead: Forward | undefined = await dial();
  ahead.onGone(() => (ahead = undefined));
  let failure: GenwardenError | undefined;
  const open = new Set<Socket>();
  const lead = async (socket: Socket): Promise<void> => {
    try {
      const forward = ahead ?? (await dial());
      ahead = undefined;
      failure = undefined;
      join(socket, forward, (why) => (failure = lost(why)));
    } catch (error) {
      failure = clusterError(error, 'forward a port');
      socket.destroy();
    }
  };
  const server = createServer((socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket)).on('error', () => undefined);
    void lead(socket);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    failure: () => failure,
    close: async () => {
      ahead?.close();
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

const lost = (why: string | undefined): GenwardenError =>
  new GenwardenError('ServerUnreachable', `The port-forward to the API broke${why === undefined ? '' : `: ${why}`}`);

function join(socket: Socket, forward: Forward, broken: (why: string | undefined) => void): void {
  let over = false;
  const end = (): void => {
    over = true;
    forward.close();
    socket.destroy();
  };
  forward.onGone((why) => {
    if (!over) broken(why);
    // What came before is still delivered.
    forward.fromPod.end(() => end());
  });
  socket.once('close', end);
  socket.pipe(forward.toPod);
  forward.fromPod.pipe(socket);
}

/** Connects to the pod that `pick` names; to another where that one has just gone. */
export async function dialPod(config: KubeConfig, namespace: string, pick: () => Promise<ApiPod>): Promise<Forward> {
  for (let tries = 1; ; tries += 1) {
    const pod = await pick();
    try {
      return await forwardTo(config, namespace, pod);
    } catch (error) {
      const status = statusOf(error);
      if (status === 401 || status === 403 || tries >= 3) {
        throw clusterError(
          error,
          `forward a port to a pod in namespace ${namespace} (get and create pods/portforward)`,
        );
      }
    }
  }
}

/** What is used here of the WebSocket that the client makes. */
interface PodSocket {
  onclose: () => void;
  onerror: (event: { readonly message: string }) => void;
  close(): void;
}

async function forwardTo(config: KubeConfig, namespace: string, { name, port }: ApiPod): Promise<Forward> {
  const { PortForward } = await kubernetes();
  const [toPod, fromPod, complaints] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const listeners = new Set<(why: string | undefined) => void>();
  let gone: { why: string | undefined } | undefined;
  const end = (why: string | undefined): void => {
    gone ??= { why };
    for (const listener of listeners) listener(gone.why);
    listeners.clear();
  };
  try {
    const forwarder = new PortForward(config);
    const made: unknown = await forwarder.portForward(namespace, name, [port], fromPod, complaints, toPod);
    const socket = made as PodSocket;
    socket.onclose = () => end(undefined);
    socket.onerror = (event) => end(event.message);
    complaints.on('data', (text: Buffer) => {
      if (text.length === 0) return;
      end(text.toString('utf8').trim());
      socket.close();
    });
    const onGone = (listener: (why: string | undefined) => void): void => {
      if (gone === undefined) listeners.add(listener);
      else listener(gone.why);
    };
    return { toPod, fromPod, onGone, close: () => socket.close() };
  } catch (error) {
    // A WebSocket fails with an event that carries the error.
    throw (error as { error?: unknown }).error ?? error;
  }
}

// Makes the requests of this process go through the proxies that its environment names. Connections to NATS and Kubernetes, and
// webhooks, stay direct.

import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent, type AgentOptions as SecureAgentOptions } from 'node:https';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { hasProxy, proxyFor, type ProxyEnv } from '../job/proxies.ts';
import { openTunnel } from './tunnel.ts';

interface Target {
  readonly protocol: string;
  readonly hostname: string;
  readonly port: string;
  readonly servername?: string | null;
  /** The agent's options, such as its CA. */
  readonly tls?: ConnectionOptions;
}

type Connected = (error: Error | null, socket?: Duplex) => void;

const globalDispatcher = Symbol.for('undici.globalDispatcher.1');

/** ms, for connections without a proxy; those through one have a limit of the same length. */
const connectWithin = 10_000;

/** For every `fetch` of this process. Without a proxy in the environment, nothing changes. */
export function useProxies(env: ProxyEnv): void {
  if (!hasProxy(env)) return;
  // Node.js creates its dispatcher when something of `fetch` is used.
  void globalThis.Response;
  const dispatchers = globalThis as unknown as Record<symbol, { constructor: new (options: object) => object }>;
  const { constructor: Dispatcher } = dispatchers[globalDispatcher]!;
  const connect = (target: Target, connected: Connected): void => connectTo(target, env, connected);
  Object.assign(dispatchers, { [globalDispatcher]: new Dispatcher({ connect }) });
}

/** For a client that has its own agents; undefined without a proxy in the environment. */
export function proxyAgents(
  env: ProxyEnv,
  options: SecureAgentOptions,
): { http: HttpAgent; https: HttpsAgent } | undefined {
  return hasProxy(env)
    ? {
        http: tunnelling(new HttpAgent(options), 'http:', env),
        https: tunnelling(new HttpsAgent(options), 'https:', env),
      }
    : undefined;
}

async function open({ protocol, hostname, port, servername, tls }: Target, env: ProxyEnv): Promise<Socket> {
  const secure = protocol === 'https:';
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const portNumber = port === '' ? (secure ? 443 : 80) : Number(port);
  const socket = await plainSocket(new URL(`${protocol}//${hostname}:${portNumber}`), { host, port: portNumber }, env);
  if (!secure) return ready(socket, 'connect');
  const name = servername ?? (isIP(host) === 0 ? host : '');
  return ready(connectTls({ ...tls, socket, host, servername: name, ALPNProtocols: ['http/1.1'] }), 'secureConnect');
}

async function plainSocket(url: URL, address: { host: string; port: number }, env: ProxyEnv): Promise<Socket> {
  const proxy = proxyFor(url, env);
  const target = url.hostname.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
  return proxy === undefined ? connectTcp({ ...address, noDelay: true, keepAlive: true }) : openTunnel(proxy, target);
}

function ready(socket: Socket, event: 'connect' | 'secureConnect'): Promise<Socket> {
  if (event === 'connect' && !socket.connecting) return Promise.resolve(socket);
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const timer = setTimeout(
    () => socket.destroy(new Error(`no connection within ${connectWithin / 1_000} s`)),
    connectWithin,
  );
  socket.once(event, () => resolve(socket));
  socket.once('error', reject);
  socket.once('close', () => reject(new Error('the connection was closed before it was ready')));
  return promise.finally(() => clearTimeout(timer));
}

/** The agent opens its connections by `open`; `protocol` is that of its requests. */
function tunnelling<Agent extends HttpAgent>(agent: Agent, protocol: 'http:' | 'https:', env: ProxyEnv): Agent {
  agent.createConnection = (options: ConnectionOptions, connected) => {
    connectTo(targetOf(protocol, options), env, connected as Connected);
    return undefined;
  };
  return agent;
}

function targetOf(protocol: string, options: ConnectionOptions): Target {
  const { host = 'localhost', port = '', servername } = options;
  const hostname = isIP(host) === 6 ? `[${host}]` : host;
  const name = servername === undefined || servername === '' ? {} : { servername };
  return { protocol, hostname, port: String(port), tls: options, ...name };
}

function connectTo(target: Target, env: ProxyEnv, connected: Connected): void {
  open(target, env).then(
    (socket) => connected(null, socket),
    (error: Error) => connected(error),
  );
}

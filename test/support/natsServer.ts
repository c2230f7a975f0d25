// A real nats-server for one test, on a free port and with its storage in a temporary folder. Its owner stops it, or the end
// of the test process does.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { join } from 'node:path';
import { findNatsServer } from '../../src/processes/dev/natsBinary.ts';
import { endWithThisProcess } from './cleanup.ts';
import { tempFolder } from './tempFolder.ts';

export interface NatsServerOptions {
  /** Accounts SYS (user sys/sys) and APP (app/app, and everyone without a user), for the connection events of SYS. */
  systemAccount?: boolean;
  /** Default: a folder that is removed with the server. */
  storeDir?: string;
  /** Default: a free one. */
  port?: number;
  /** Bytes. */
  maxFileStore?: number;
  /** Of its JetStream. */
  domain?: string;
  /** How often JetStream syncs to the disk: a duration of NATS, or `always`. */
  syncInterval?: string;
  /** Appended to the configuration file. */
  config?: string;
  /** The configuration has TLS with `handshake_first`: the server greets nobody without it. */
  tls?: boolean;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface NatsServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Of the process that runs now; changes with `restart`. */
  readonly pid: number;
  readonly storeDir: string;
  /** What the server that runs now has logged, up to 100,000 characters. */
  readonly log: string;
  /** Set with `systemAccount`: a user of the account SYS. Everyone else, with or without app/app, is in account APP. */
  readonly systemUser?: { user: string; password: string };
  kill(signal: NodeJS.Signals): void;
  /** Resolves when the process that runs now ends; ask again after `restart`. */
  readonly exited: Promise<Exit>;
  /** Starts again on the same port and store; a process that still runs is stopped with SIGTERM first. */
  restart(): Promise<void>;
  /** Lets the running server read its configuration again, with this `config` from now on. */
  reload(config: string): Promise<void>;
  /** Ends the process and removes the temp folder (a `storeDir` that was given stays); may be called more than once. */
  stop(): Promise<void>;
}

interface Running {
  child: ChildProcess & { pid: number };
  port: number;
  exited: Promise<Exit>;
  log: () => string;
}

const stopGraceMs = 5_000;
const startTimeoutMs = 20_000;

/** Resolves once the server answers on its port with JetStream ready; throws with its log when it does not start. */
export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const folder = await tempFolder('nats');
  const storeDir = options.storeDir ?? join(folder.path, 'store');
  const file = join(folder.path, 'nats.conf');
  let { config = '' } = options;
  const start = async (port: number | undefined): Promise<Running> => {
    await writeFile(file, natsConfig({ ...options, config, port, storeDir }));
    return launch(file, folder.path, options.tls === true);
  };
  let running = await start(options.port).catch(async (error: unknown) => {
    await folder.remove();
    throw error;
  });
  const { port } = running;
  const stop = async (): Promise<void> => {
    await end(running);
    await folder.remove();
  };
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    storeDir,
    ...(options.systemAccount && { systemUser: { user: 'sys', password: 'sys' } }),
    get pid() {
      return running.child.pid;
    },
    get log() {
      return running.log();
    },
    get exited() {
      return running.exited;
    },
    kill: (signal) => void running.child.kill(signal),
    restart: async () => {
      await end(running);
      running = await start(port);
    },
    reload: async (next) => {
      config = next;
      await writeFile(file, natsConfig({ ...options, config, port, storeDir }));
      running.child.kill('SIGHUP');
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function natsConfig(options: Omit<NatsServerOptions, 'port'> & { port: number | undefined }): string {
  return [
    `listen: "127.0.0.1:${options.port ?? -1}"`,
    jetStream(options),
    options.systemAccount ? accounts : '',
    options.config ?? '',
  ].join('\n');
}

const accounts = `
accounts {
  SYS { users: [{user: sys, password: sys}] }
  APP { jetstream: enabled, users: [{user: app, password: app}] }
}
system_account: SYS
no_auth_user: app
`;

function jetStream(options: Pick<NatsServerOptions, 'storeDir' | 'maxFileStore' | 'domain' | 'syncInterval'>): string {
  const { storeDir, maxFileStore, domain, syncInterval } = options;
  const limit = maxFileStore === undefined ? '' : `, max_file_store: ${maxFileStore}`;
  const ofDomain = domain === undefined ? '' : `, domain: ${domain}`;
  const sync = syncInterval === undefined ? '' : `, sync_interval: ${syncInterval}`;
  return `jetstream { store_dir: ${JSON.stringify(storeDir)}${limit}${ofDomain}${sync} }`;
}

async function launch(configFile: string, folder: string, tls: boolean): Promise<Running> {
  const child = spawn(findNatsServer()!, ['-c', configFile], { stdio: ['ignore', 'ignore', 'pipe'], detached: false });
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: null, signal: null }));
  });
  endWithThisProcess(child, folder);
  try {
    const { port, log } = await readyPort(child);
    await answersWithJetStream(port, tls);
    if (child.pid === undefined) throw new Error('nats-server has no pid');
    return { child: child as Running['child'], port, exited, log };
  } catch (error) {
    child.kill('SIGKILL');
    await exited;
    throw error;
  }
}

/** The port that the server's log names, once the log says that it is ready. */
function readyPort(child: ChildProcess): Promise<Pick<Running, 'port' | 'log'>> {
  return new Promise((resolve, reject) => {
    let log = '';
    const fail = (why: string): void => reject(new Error(`nats-server ${why}:\n${log}`));
    const timer = setTimeout(() => fail(`was not ready after ${startTimeoutMs} ms`), startTimeoutMs);
    child.once('error', (error) => fail(`could not be started (${error.message})`));
    child.once('exit', (code, signal) => fail(`ended at start (${code ?? signal})`));
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      // Read to the end, or the server blocks on a full pipe.
      if (log.length < 100_000) log += chunk;
      const port = /Listening for client connections on \S+:(\d+)/.exec(log)?.[1];
      if (port === undefined || !log.includes('Server is ready')) return;
      clearTimeout(timer);
      resolve({ port: Number(port), log: () => log });
    });
  });
}

/** The server greets each client with one line, `INFO {…}`, that says whether JetStream is on. */
function answersWithJetStream(port: number, tls: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let greeting = '';
    const address = { port, host: '127.0.0.1' };
    const socket = (tls ? connectTls({ ...address, rejectUnauthorized: false }) : connect(address)).setEncoding('utf8');
    socket.setTimeout(startTimeoutMs, () => socket.destroy(new Error('nats-server did not greet')));
    socket.once('error', reject);
    socket.on('data', (chunk: string) => {
      greeting += chunk;
      if (!greeting.includes('\r\n')) return;
      socket.destroy();
      if (/^INFO .*"jetstream":true/.test(greeting)) resolve();
      else reject(new Error(`nats-server greets without JetStream: ${greeting}`));
    });
  });
}

async function end({ child, exited }: Running): Promise<void> {
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), stopGraceMs);
  await exited;
  clearTimeout(kill);
}

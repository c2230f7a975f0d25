// The nats-server of `genwarden dev`: a child process that stores its data in a folder and stops with this process. If an
// earlier run was killed with SIGKILL, its nats-server is stopped first.

import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { sleep } from '../../async/sleep.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import { commandLine, endProcess } from './childProcess.ts';
import type { GuardedServer } from './diskGuard.ts';
import { diskSpace } from './diskReserve.ts';

export interface EmbeddedServer extends GuardedServer {
  readonly url: string;
  readonly login: {
    readonly user: string;
    readonly password: string;
    readonly systemUser: string;
    readonly systemPassword: string;
  };
  /** Rejects when the server exits before it is closed. */
  readonly died: Promise<never>;
  close(): Promise<void>;
}

const startTimeout = 20_000;

/** Starts the nats-server `binary` on a free port with its files below `dataDir`. Throws `NatsUnreachable`. */
export async function startEmbeddedNats(dataDir: string, binary: string): Promise<EmbeddedServer> {
  const folder = resolve(dataDir, 'nats');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await stopLeftover(folder);
  const [password, systemPassword] = [randomBytes(18).toString('hex'), randomBytes(18).toString('hex')];
  const { total } = await diskSpace(dataDir);
  const config = (port: number): string => natsConfig({ port, folder, password, systemPassword, maxBytes: total });
  const file = join(folder, 'nats.conf');
  await writeFile(file, config(-1), { mode: 0o600 });
  const server = new ServerProcess(binary, file);
  const port = await server.start();
  // For a restart, when nothing can be written any more.
  await writeFile(file, config(port), { mode: 0o600 });
  const login = { user: 'genwarden', password, systemUser: 'genwarden-system', systemPassword };
  return {
    url: `nats://127.0.0.1:${port}`,
    login,
    died: server.died,
    onLog: (listener) => server.onLog(listener),
    restart: () => server.restart(),
    close: () => server.close(),
  };
}

class ServerProcess {
  readonly #binary: string;
  readonly #file: string;
  readonly #died = Promise.withResolvers<never>();
  readonly #listeners = new Set<(text: string) => void>();
  #child: ChildProcess | undefined;
  /** The exit of this child is expected. */
  #ending: ChildProcess | undefined;
  #closed = false;
  readonly #endOnExit = (): void => void this.#child?.kill('SIGTERM');

  constructor(binary: string, file: string) {
    this.#binary = binary;
    this.#file = file;
    this.#died.promise.catch(() => undefined);
    process.once('exit', this.#endOnExit);
  }

  get died(): Promise<never> {
    return this.#died.promise;
  }

  onLog(listener: (text: string) => void): void {
    this.#listeners.add(listener);
  }

  /** Resolves with the port once the server is ready; throws `NatsUnreachable`. */
  async start(): Promise<number> {
    // In a separate session: a Ctrl-C or a closed terminal signals the whole process group, but the server must outlive the
    // drain, or results that arrive meanwhile could not be stored.
    const child = spawn(this.#binary, ['-c', this.#file], { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    this.#child = child;
    try {
      const port = await readyPort(child, (text) => this.#listeners.forEach((listener) => listener(text)));
      child.once('exit', () => {
        if (this.#ending === child) return;
        this.#died.reject(new GenwardenError('NatsUnreachable', 'The embedded nats-server exited unexpectedly'));
      });
      return port;
    } catch (error) {
      await endProcess(child);
      throw error;
    }
  }

  async restart(): Promise<void> {
    await this.#end();
    if (!this.#closed) await this.start();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#end();
    process.off('exit', this.#endOnExit);
  }

  async #end(): Promise<void> {
    this.#ending = this.#child;
    if (this.#child !== undefined) await endProcess(this.#child);
  }
}

interface EmbeddedNats {
  readonly port: number;
  readonly folder: string;
  readonly password: string;
  readonly systemPassword: string;
  /** Of the whole disk: how much of it is free is checked all the time. By default the server fixes a limit at its start. */
  readonly maxBytes: number;
}

/**
 * One account for Genwarden, and a system-account user that may only listen for lost connections. NATS's configuration
 * accepts JSON strings.
 */
function natsConfig({ port, folder, password, systemPassword, maxBytes }: EmbeddedNats): string {
  const text = (value: string): string => JSON.stringify(value);
  return `
listen: ${text(`127.0.0.1:${port}`)}
server_name: genwarden-dev
pid_file: ${text(`${folder}/nats.pid`)}
max_payload: 8MB
jetstream { store_dir: ${text(`${folder}/store`)}, max_file_store: ${maxBytes} }
accounts {
  SYS { users: [ { user: genwarden-system, password: ${text(systemPassword)}, permissions: {
    publish: { deny: ">" }
    subscribe: { allow: ["$SYS.ACCOUNT.*.DISCONNECT", "$SYS.ACCOUNT.*.CONNECT", "_INBOX.>"] }
  } } ] }
  APP { jetstream: enabled, users: [ { user: genwarden, password: ${text(password)} } ] }
}
system_account: SYS
`;
}

async function stopLeftover(folder: string): Promise<void> {
  const pid = Number(await readFile(join(folder, 'nats.pid'), 'utf8').catch(() => ''));
  if (!(pid > 0) || !commandLine(pid).includes(join(folder, 'nats.conf'))) return;
  process.kill(pid, 'SIGTERM');
  const end = performance.now() + 5_000;
  while (commandLine(pid) !== '' && performance.now() < end) await sleep(50);
}

/** Reads the port from the server's log, once the log reports that the server is ready. */
function readyPort(child: ChildProcess, onLog: (text: string) => void): Promise<number> {
  const { promise, resolve: found, reject } = Promise.withResolvers<number>();
  let log = '';
  const fail = (why: string): void =>
    reject(new GenwardenError('NatsUnreachable', `nats-server ${why}\n${log}`.trim()));
  const timer = setTimeout(() => fail('did not become ready'), startTimeout);
  child.once('error', (error) => fail(`could not be started: ${error.message}`));
  child.once('exit', (code, signal) => fail(`exited during startup (${code ?? signal})`));
  // Read to the end, or the server blocks on a full pipe.
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    onLog(chunk);
    if (log.length < 100_000) log += chunk;
    const port = /Listening for client connections on \S+:(\d+)/.exec(log)?.[1];
    if (port !== undefined && log.includes('Server is ready')) found(Number(port));
  });
  return promise.finally(() => clearTimeout(timer));
}

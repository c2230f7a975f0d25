// The nats-server of `genwarden dev`: a child process that stores its data in a folder and stops with this process. If an
// earlier run was killed with SIGKILL, its nats-server is stopped first.

import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { sleep } from '../../async/sleep.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import { findNatsServer } from './natsBinary.ts';
import { commandLine, endProcess } from './childProcess.ts';

export interface EmbeddedServer {
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

/** Starts nats-server on a free port with its files below `dataDir`. Throws `NatsServerMissing` or `NatsUnreachable`. */
export async function startEmbeddedNats(dataDir: string, binary: string | undefined): Promise<EmbeddedServer> {
  const folder = resolve(dataDir, 'nats');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await stopLeftover(folder);
  const [password, systemPassword] = [randomBytes(18).toString('hex'), randomBytes(18).toString('hex')];
  const file = join(folder, 'nats.conf');
  await writeFile(file, natsConfig({ port: -1, folder, password, systemPassword }), { mode: 0o600 });
  // In a separate session: a Ctrl-C or a closed terminal signals the whole process group, but the server must outlive the
  // drain, or results that arrive meanwhile could not be stored.
  const child = spawn(binary ?? findNatsServer(), ['-c', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  const killOnExit = (): void => void child.kill('SIGTERM');
  process.once('exit', killOnExit);
  try {
    const port = await readyPort(child);
    let closing = false;
    const died = new Promise<never>((_, reject) => {
      child.once(
        'exit',
        () => closing || reject(new GenwardenError('NatsUnreachable', 'The embedded nats-server exited unexpectedly')),
      );
    });
    died.catch(() => undefined);
    const close = async (): Promise<void> => {
      closing = true;
      await endProcess(child);
      process.off('exit', killOnExit);
    };
    const login = { user: 'genwarden', password, systemUser: 'genwarden-system', systemPassword };
    return { url: `nats://127.0.0.1:${port}`, login, died, close };
  } catch (error) {
    await endProcess(child);
    throw error;
  }
}

interface EmbeddedNats {
  readonly port: number;
  readonly folder: string;
  readonly password: string;
  readonly systemPassword: string;
}

/**
 * One account for Genwarden, and a system-account user that may only listen for lost connections. NATS's configuration
 * accepts JSON strings.
 */
function natsConfig({ port, folder, password, systemPassword }: EmbeddedNats): string {
  const text = (value: string): string => JSON.stringify(value);
  return `
listen: ${text(`127.0.0.1:${port}`)}
server_name: genwarden-dev
pid_file: ${text(`${folder}/nats.pid`)}
max_payload: 8MB
jetstream { store_dir: ${text(`${folder}/store`)} }
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
function readyPort(child: ChildProcess): Promise<number> {
  const { promise, resolve: found, reject } = Promise.withResolvers<number>();
  let log = '';
  const fail = (why: string): void =>
    reject(new GenwardenError('NatsUnreachable', `nats-server ${why}\n${log}`.trim()));
  const timer = setTimeout(() => fail('did not become ready'), startTimeout);
  child.once('error', (error) => fail(`could not be started: ${error.message}`));
  child.once('exit', (code, signal) => fail(`exited during startup (${code ?? signal})`));
  // Read to the end, or the server blocks on a full pipe.
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    if (log.length < 100_000) log += chunk;
    const port = /Listening for client connections on \S+:(\d+)/.exec(log)?.[1];
    if (port !== undefined && log.includes('Server is ready')) found(Number(port));
  });
  return promise.finally(() => clearTimeout(timer));
}

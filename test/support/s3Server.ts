// A real S3 server for one test, versitygw over a folder, behind a proxy that can fail as stores and networks do.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { endWithThisProcess } from './cleanup.ts';
import { startFaultProxy, type FaultProxy } from './faultProxy.ts';
import { tempFolder } from './tempFolder.ts';

const program = join(homedir(), '.cache/genwarden/versitygw-1.8.0/versitygw');
const startTimeoutMs = 20_000;

export interface S3Server extends AsyncDisposable {
  /** Of the proxy. */
  readonly url: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly proxy: FaultProxy;
  /** The objects are files here, under the name of their bucket. */
  readonly folder: string;
  /** What the processes of an installation need. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export interface S3ServerOptions {
  /** Where the objects are; default: a folder that is removed with the server. */
  readonly folder?: string;
  /** Also listens here, without the proxy. */
  readonly port?: number;
}

/** With one empty bucket. The owner stops it, or the end of the test process does. */
export async function startS3Server(options: S3ServerOptions = {}): Promise<S3Server> {
  if (!existsSync(program)) throw new Error('the tests need versitygw: run `make s3-server`');
  const temp = await tempFolder('s3');
  const folder = options.folder ?? join(temp.path, 'objects');
  const bucket = 'artifacts';
  await mkdir(join(folder, bucket), { recursive: true });
  // A Unix socket needs no free port.
  const socket = join(temp.path, 'socket');
  const keys = { accessKeyId: 'test-access', secretAccessKey: 'test-secret' };
  const { accessKeyId, secretAccessKey } = keys;
  const direct = options.port === undefined ? [] : ['--port', `127.0.0.1:${options.port}`];
  const listening = ['--port', socket, ...direct];
  const child = spawn(
    program,
    [...listening, '--access', accessKeyId, '--secret', secretAccessKey, '--quiet', '--keep-alive', 'posix', folder],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log = (log + text).slice(-10_000)));
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  endWithThisProcess(child, temp.path);
  for (let waited = 0; !existsSync(socket); waited += 20) {
    if (child.exitCode !== null || waited > startTimeoutMs) throw new Error(`versitygw did not start:\n${log}`);
    await pause(20);
  }
  const proxy = await startFaultProxy(socket);
  const stop = async (): Promise<void> => {
    await proxy.close();
    child.kill('SIGKILL');
    await exited;
    await temp.remove();
  };
  const env = {
    GENWARDEN_ARTIFACT_STORE: 's3',
    GENWARDEN_S3_ENDPOINT: proxy.url,
    GENWARDEN_S3_BUCKET: bucket,
    GENWARDEN_S3_ACCESS_KEY_ID: accessKeyId,
    GENWARDEN_S3_SECRET_ACCESS_KEY: secretAccessKey,
  };
  return { url: proxy.url, bucket, ...keys, proxy, folder, env, stop, [Symbol.asyncDispose]: stop };
}

// Which program listens on a port of this machine, as far as this user can see it.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { commandLine } from './childProcess.ts';

/** `python3 (process 4242)`; undefined if that is not known. */
export function portHolder(port: number): string | undefined {
  const pid = process.platform === 'linux' ? fromProc(port) : fromLsof(port);
  if (pid === undefined) return undefined;
  const command = commandLine(pid);
  const dev = /(?:genwarden|cli\/main\.[jt]s) (\w+)/.exec(command)?.[1];
  const name = dev === undefined ? basename(command.split(' ')[0] ?? '') : `genwarden ${dev}`;
  return `${name === '' ? 'a program' : name} (process ${pid})`;
}

/** The socket's inode from the table of the kernel, then the process that has it open. Processes of others stay hidden. */
function fromProc(port: number): number | undefined {
  const inodes = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listeningInodes(table, port)));
  if (inodes.size === 0) return undefined;
  const pids = list('/proc').filter((name) => /^\d+$/.test(name));
  const holder = pids.find((pid) =>
    list(`/proc/${pid}/fd`).some((fd) =>
      inodes.has(/^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1] ?? ''),
    ),
  );
  return holder === undefined ? undefined : Number(holder);
}

const listening = '0A';

function listeningInodes(table: string, port: number): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  const rows = textOf(table)
    .split('\n')
    .slice(1)
    .map((row) => row.trim().split(/\s+/));
  return rows.flatMap(([, local, , state, , , , , , inode]) =>
    state === listening && local?.endsWith(`:${wanted}`) === true ? [inode ?? ''] : [],
  );
}

function fromLsof(port: number): number | undefined {
  const { stdout } = spawnSync('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-t'], { encoding: 'utf8' });
  const pid = Number((stdout ?? '').split('\n')[0]);
  return pid > 0 ? pid : undefined;
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

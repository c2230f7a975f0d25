// The processes that are measured: as an installed package, and their memory from /proc.

import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NatsServer } from '../test/support/natsServer.ts';
import { startProcess, type TestProcess } from '../test/support/process.ts';

export const start = (args: string[], options: Parameters<typeof startProcess>[2]): Promise<TestProcess> =>
  startProcess(installed, args, options);

/** A package as it is installed, without `src`: its `bin/genwarden` runs what was built, as containers do. */
const installed = install();

function install(): string {
  const folder = mkdtempSync(join(tmpdir(), 'genwarden-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true }));
  const program = join(folder, 'bin', 'genwarden');
  mkdirSync(join(folder, 'bin'));
  copyFileSync(fileURLToPath(new URL('../bin/genwarden', import.meta.url)), program);
  symlinkSync(fileURLToPath(new URL('../dist', import.meta.url)), join(folder, 'dist'));
  return program;
}

export function environment(nats: NatsServer, provider: string): Record<string, string> {
  return {
    GENWARDEN_NATS_URL: nats.url,
    GENWARDEN_HTTP_PORT: '0',
    GENWARDEN_METRICS_PORT: '0',
    GENWARDEN_GEMINI_API_KEYS: 'bench',
    GENWARDEN_GEMINI_BASE_URL: provider,
    GENWARDEN_GEMINI_REQUESTS_PER_MINUTE: '60000',
  };
}

export const urlOf = (api: TestProcess): string => /API on (http:[^"\s]+)/.exec(api.lines.join('\n'))![1]!;

export const residentBytes = (pid: number): number => statusBytes(pid, 'VmRSS');

/** MB. */
export function residentMb({ pid }: TestProcess, field: 'VmRSS' | 'VmHWM'): number {
  return Math.round(statusBytes(pid, field) / 2 ** 20);
}

function statusBytes(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const line = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line![1]) * 1_024;
}

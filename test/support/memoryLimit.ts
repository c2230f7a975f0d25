// Runs a program under a memory limit that the kernel enforces: a control group if one can be made here. Otherwise the program
// only believes that it has the limit, and its largest resident size is compared with it.

import { appendFileSync, chmodSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { tempFolder } from './tempFolder.ts';
import type { Env } from './installation.ts';
import type { TestProcess } from './process.ts';
import { until } from './until.ts';

export interface MemoryLimit {
  /** Starts the program under the limit. */
  readonly program: string;
  readonly env: Env;
  readonly kind: 'control group' | 'belief';
  /** The most that the process has had so far, bytes. */
  mostUsed(process: TestProcess): number;
  /** How many processes the kernel has killed for the limit. */
  kills(): number;
}

/** Ends with the test. */
export async function limitMemory(program: string, bytes: number): Promise<MemoryLimit> {
  const group = makeGroup(bytes);
  if (group === undefined) return watched(program, bytes);
  const folder = await tempFolder('memory');
  onTestFinished(async () => {
    await until(() => removed(group.path), { what: `the end of the processes in ${group.path}` });
    await folder.remove();
  });
  const script = join(folder.path, 'limited');
  writeFileSync(script, `#!/bin/sh\necho $$ > '${group.path}/cgroup.procs' && exec '${program}' "$@"\n`);
  chmodSync(script, 0o755);
  return {
    program: script,
    env: {},
    kind: 'control group',
    mostUsed: residentPeak,
    kills: () => Number(/^oom_kill (\d+)/m.exec(readFileSync(join(group.path, group.events), 'utf8'))?.[1] ?? 0),
  };
}

interface Group {
  readonly path: string;
  /** The file that counts kills. */
  readonly events: string;
}

let groups = 0;

/** Version 1 of control groups, then version 2. Undefined without the rights or the controller. */
function makeGroup(bytes: number): Group | undefined {
  const name = `genwarden-test-${process.pid}-${(groups += 1)}`;
  const attempts = [
    { root: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes', events: 'memory.oom_control' },
    { root: '/sys/fs/cgroup', limit: 'memory.max', events: 'memory.events' },
  ];
  for (const { root, limit, events } of attempts) {
    const path = join(root, name);
    try {
      mkdirSync(path);
    } catch {
      continue;
    }
    try {
      // Creates no file: without the memory controller there is none.
      appendFileSync(join(path, limit), String(bytes), { flag: 'r+' });
      return { path, events };
    } catch {
      rmdirSync(path);
    }
  }
  return undefined;
}

function removed(path: string): boolean {
  try {
    rmdirSync(path);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
  return true;
}

function watched(program: string, bytes: number): MemoryLimit {
  const believes = `data:text/javascript,process.constrainedMemory=()=>${bytes}`;
  return {
    program,
    env: { NODE_OPTIONS: `--import=${believes}` },
    kind: 'belief',
    mostUsed: residentPeak,
    kills: () => 0,
  };
}

/** Of a process that runs. */
function residentPeak({ pid }: TestProcess): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)![1]) * 1024;
}

// What a benchmark writes as JSON, and the figures of it that tables and pictures show.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus, loadavg, release, totalmem, type } from 'node:os';
import { findNatsServer } from '../src/processes/dev/natsBinary.ts';

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly kernel: string;
  /** The load of the last minute when the benchmark started; above a share of the cores, figures mean little. */
  readonly load: number;
}

export interface Series {
  /** Such as `process`. */
  readonly name: string;
  readonly durability: string;
  /** Worker or client processes. */
  readonly processes: number;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  /** By system, one value a round. */
  readonly values: Readonly<Record<string, readonly number[]>>;
}

export interface BenchResult {
  readonly startedAt: string;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface PeersResult extends BenchResult {
  readonly series: readonly Series[];
}

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { min: sorted[0]!, median: sorted[Math.ceil(sorted.length / 2) - 1]!, max: sorted.at(-1)! };
}

/** How many times better `ours` is than the other, round by round: above 1 we are ahead, whatever the unit. */
export function leads({ values, better }: Series, over: string): number[] {
  const others = values[over]!;
  return values['ours']!.map((ours, round) => (better === 'higher' ? ours / others[round]! : others[round]! / ours));
}

export function machine(): Machine {
  return {
    processor: cpus()[0]?.model ?? arch(),
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: `${type()} ${release()}`,
    load: loadavg()[0]!,
  };
}

/** Of what is measured. */
export function versions(): Record<string, string> {
  return {
    genwarden: packageVersion('../package.json'),
    node: process.version.slice(1),
    'nats-server': firstNumber(findNatsServer()!, ['--version']),
    '@nats-io/jetstream': packageVersion('../node_modules/@nats-io/jetstream/package.json'),
    redis: firstNumber('redis-server', ['--version']),
    bullmq: packageVersion('../node_modules/bullmq/package.json'),
    ioredis: packageVersion('../node_modules/ioredis/package.json'),
    fastify: packageVersion('../node_modules/fastify/package.json'),
  };
}

export const machineLines = ({ machine: of, versions: all, startedAt }: BenchResult): string =>
  `${of.processor}, ${of.cores} cores, ${of.memoryGb} GB, ${of.kernel}; load ${of.load.toFixed(2)} at the start, ${startedAt}\n` +
  Object.entries(all)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');

export function save<T extends BenchResult>(file: string | undefined, result: T): void {
  if (file === undefined) return;
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  process.stdout.write(`written to ${file}\n`);
}

function packageVersion(path: string): string {
  return (JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { version: string }).version;
}

function firstNumber(program: string, args: string[]): string {
  try {
    return /\d+\.\d+(?:\.\d+)?/.exec(execFileSync(program, args, { encoding: 'utf8' }))?.[0] ?? 'unknown';
  } catch {
    return 'missing';
  }
}

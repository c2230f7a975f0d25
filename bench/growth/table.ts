// The growth table: one column for each number of open tasks.

import type { BenchResult } from '../result.ts';
import type { ReadFigures } from './reads.ts';

export interface SizeFigures {
  readonly tasks: number;
  readonly fillPerSecond: number;
  readonly submitsPerSecond: number;
  /** By kind of request. */
  readonly reads: Readonly<Record<string, ReadFigures>>;
  /** Resident, after the start. */
  readonly bytes: { readonly api: number; readonly controller: number; readonly nats: number };
  /** Above the same process without tasks. */
  readonly bytesATask: { readonly api: number; readonly controller: number };
  readonly start: {
    readonly apiListensMs: number;
    readonly apiReadyMs: number;
    readonly apiWarmMs: number;
    readonly controllerReadyMs: number;
  };
}

export interface GrowthResult extends BenchResult {
  readonly sizes: readonly SizeFigures[];
}

/** `20k`, `1M` or digits; throws for anything else. */
export function parseCount(text: string): number {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)([kM]?)$/.exec(text.trim()) ?? [];
  if (digits === undefined) throw new Error(`${text} is no number such as 20k, 300k or 1M`);
  return Math.round(Number(digits) * { '': 1, k: 1_000, M: 1_000_000 }[unit]!);
}

export const titlesOf = (sizes: readonly SizeFigures[]): string[] => [
  'open tasks',
  ...sizes.map(({ tasks }) => tasks.toLocaleString('en-US')),
];

export function rowsOf(sizes: readonly SizeFigures[]): string[][] {
  const row = (title: string, of: (size: SizeFigures) => string): string[] => [title, ...sizes.map(of)];
  const kinds = Object.keys(sizes[0]?.reads ?? {});
  return [
    row('submits/s over HTTP, 64 connections', (size) => size.submitsPerSecond.toFixed(0)),
    ...kinds.map((kind) => row(`${kind}, p50 / p99 / max (ms)`, ({ reads }) => timesOf(reads[kind]!))),
    ...kinds.map((kind) => row(`${kind}, longest wait of others (ms)`, ({ reads }) => reads[kind]!.lag.toFixed(1))),
    row('memory of the API (MB)', ({ bytes }) => megabytes(bytes.api)),
    row('memory of the controller (MB)', ({ bytes }) => megabytes(bytes.controller)),
    row('memory of nats-server (MB)', ({ bytes }) => megabytes(bytes.nats)),
    row('bytes a task, API / controller', ({ bytesATask: of }) => `${of.api.toFixed(0)} / ${of.controller.toFixed(0)}`),
    row('API, start to listening / ready / warm (s)', ({ start }) =>
      [start.apiListensMs, start.apiReadyMs, start.apiWarmMs].map(seconds).join(' / '),
    ),
    row('controller, start to ready (s)', ({ start }) => seconds(start.controllerReadyMs)),
    row('tasks/s stored while filling', ({ fillPerSecond }) => fillPerSecond.toFixed(0)),
  ];
}

const timesOf = ({ ms }: ReadFigures): string => [ms.p50, ms.p99, ms.max].map((each) => each.toFixed(1)).join(' / ');
const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
const seconds = (ms: number): string => (ms / 1_000).toFixed(1);

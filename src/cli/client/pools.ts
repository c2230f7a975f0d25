// `genwarden pools`: each pool's queue, workers and API keys.

import type { Command } from 'commander';
import type { Pool } from '../../client/index.ts';
import { ageOf } from '../output/format.ts';
import type { Io } from '../output/io.ts';
import { namedOutputOption, printAs, type OutputFormat } from '../output/print.ts';
import { renderTable, type Column, type TableOptions } from '../output/table.ts';
import { hanging } from '../output/text.ts';
import { keyLines, outageLines, readyKeys } from './poolTrouble.ts';
import { clientCommand, withClient } from './session.ts';

export function addPools(program: Command, io: Io): void {
  clientCommand(program, 'pools', 'List pools with their queues, workers and API keys')
    .addOption(namedOutputOption())
    .action(
      withClient(io, async (client, { output }: { output: OutputFormat }) => {
        const pools = await client.pools();
        const data = { items: pools, next: null };
        const lines = (options: TableOptions): string[] => [
          ...renderTable(pools, columnsAt(io.now()), options),
          ...troubleLines(pools, io.now()).flatMap((line) => hanging('', line, options.width)),
        ];
        printAs(io, output, data, lines, 'pool');
      }),
    );
}

function columnsAt(now: number): Column<Pool>[] {
  return [
    { title: 'POOL', value: ({ name }) => name, min: 8 },
    { title: 'PROVIDER', value: ({ provider }) => provider, drop: 8 },
    { title: 'PAUSED', value: pausedText, wrap: 12, drop: 2 },
    { title: 'QUEUED', value: ({ queued }) => queued, align: 'right' },
    { title: 'OLDEST', value: ({ oldestQueuedAt }) => ageOf(oldestQueuedAt, now), align: 'right', drop: 4 },
    { title: 'RUNNING', value: ({ running }) => running, align: 'right' },
    { title: 'WAITING', value: ({ waiting }) => waiting, align: 'right', drop: 6 },
    { title: 'REVIEW', value: ({ needsReview }) => needsReview, align: 'right', drop: 7 },
    { title: 'WORKERS', value: ({ workers }) => workers, align: 'right', drop: 3 },
    { title: 'KEYS', value: readyKeys, align: 'right', drop: 5 },
    { title: 'MANAGED BY', value: managedText, wide: true },
    { title: 'LANES', value: laneDepths, wide: true },
    { title: 'TENANTS', value: tenantsText, wide: true },
    { title: 'KEY STATES', value: keyStates, wide: true },
    { title: 'MODELS', value: ({ models }) => [...new Set(Object.values(models).flat())].join(','), wide: true },
  ];
}

/** A line for each outage, each key that cannot be used for a model, and each budget. */
function troubleLines(pools: readonly Pool[], now: number): string[] {
  const lines = pools.flatMap((pool) => [
    ...outageLines(pool, now),
    ...keyLines(pool, now),
    ...pool.spending.flatMap((spending) => spendingLine(pool, spending)),
  ]);
  return lines.length === 0 ? [] : ['', ...lines];
}

function spendingLine({ name }: Pool, { tenant, day, month, limits }: Pool['spending'][number]): string {
  const of = (limit: number | undefined): string => (limit === undefined ? '' : ` of ${limit}`);
  const who = tenant === null ? '' : ` by tenant ${tenant}`;
  return `${name}: spent${who} ${day}${of(limits.day)} today, ${month}${of(limits.month)} this month`;
}

function pausedText({ paused, pausedUntil, pausedBy }: Pool): string {
  if (!paused) return 'no';
  return pausedBy === 'spec' ? 'by spec.paused' : `until ${pausedUntil ?? 'resumed'}`;
}

/** Servers of earlier versions do not say it. */
const managedText = ({ managed = null }: Partial<Pick<Pool, 'managed'>>): string =>
  managed === null ? '-' : `${managed.kind} ${managed.namespace}/${managed.name}`;

/** `shop 5/5+120 ×3`: running, the limit, queued, and a weight other than 1. Servers of earlier versions name no tenants. */
function tenantsText({ tenants = [] }: Partial<Pick<Pool, 'tenants'>>): string {
  return tenants
    .map(({ tenant, queued, running, limit, weight }) => {
      const share = weight === 1 ? '' : ` ×${weight}`;
      return `${tenant} ${running}${limit === null ? '' : `/${limit}`}+${queued}${share}`;
    })
    .join(', ');
}

function laneDepths({ depth }: Pool): string {
  return Object.entries(depth)
    .map(([lane, count]) => `${lane}:${count}`)
    .join(' ');
}

function keyStates({ keys }: Pool): string {
  return keys.map(({ fingerprint, state }) => `${fingerprint}:${state}`).join(' ');
}

// `genwarden pools`: each pool's queue, workers and API keys.

import type { Command } from 'commander';
import type { Pool } from '../../client/index.ts';
import { ageOf } from '../output/format.ts';
import type { Io } from '../output/io.ts';
import { outputOption, printAs, type OutputFormat } from '../output/print.ts';
import { renderTable, type Column } from '../output/table.ts';
import { clientCommand, withClient } from './session.ts';

export function addPools(program: Command, io: Io): void {
  clientCommand(program, 'pools', 'List pools with their queues, workers and API keys')
    .addOption(outputOption())
    .action(
      withClient(io, async (client, { output }: { output: OutputFormat }) => {
        const pools = await client.pools();
        const data = { items: pools, next: null };
        printAs(io, output, data, (options) => renderTable(pools, columnsAt(io.now()), options));
      }),
    );
}

function columnsAt(now: number): Column<Pool>[] {
  return [
    { title: 'POOL', value: ({ name }) => name },
    { title: 'PROVIDER', value: ({ provider }) => provider },
    { title: 'PAUSED', value: pausedText },
    { title: 'QUEUED', value: ({ queued }) => queued, align: 'right' },
    { title: 'OLDEST', value: ({ oldestQueuedAt }) => ageOf(oldestQueuedAt, now), align: 'right' },
    { title: 'RUNNING', value: ({ running }) => running, align: 'right' },
    { title: 'WAITING', value: ({ waiting }) => waiting, align: 'right' },
    { title: 'REVIEW', value: ({ needsReview }) => needsReview, align: 'right' },
    { title: 'WORKERS', value: ({ workers }) => workers, align: 'right' },
    { title: 'KEYS', value: readyKeys, align: 'right' },
    { title: 'LANES', value: laneDepths, wide: true },
    { title: 'KEY STATES', value: keyStates, wide: true },
    { title: 'MODELS', value: ({ models }) => [...new Set(Object.values(models).flat())].join(','), wide: true },
  ];
}

const pausedText = ({ paused, pausedUntil }: Pool): string => (paused ? `until ${pausedUntil ?? 'resumed'}` : 'no');

/** The number of keys that are usable now or once a request in flight ends. */
function readyKeys({ keys }: Pool): string {
  const usable = keys.filter(({ state }) => state === 'ready' || state === 'busy').length;
  return `${usable}/${keys.length}`;
}

function laneDepths({ depth }: Pool): string {
  return Object.entries(depth)
    .map(([lane, count]) => `${lane}:${count}`)
    .join(' ');
}

function keyStates({ keys }: Pool): string {
  return keys.map(({ fingerprint, state }) => `${fingerprint}:${state}`).join(' ');
}

// `genwarden workers`: the workers and their tasks, from their heartbeats.

import type { Command } from 'commander';
import type { Worker } from '../../client/index.ts';
import { about } from '../../job/duration.ts';
import { ageOf, formatBytes } from '../output/format.ts';
import type { Io } from '../output/io.ts';
import { namedOutputOption, printAs, type OutputFormat } from '../output/print.ts';
import { renderTable, type Column } from '../output/table.ts';
import { clientCommand, withClient } from './session.ts';

export function addWorkers(program: Command, io: Io): void {
  clientCommand(
    program,
    'workers',
    'List workers and the tasks they run; those that stopped or were lost stay for a minute',
  )
    .addOption(namedOutputOption())
    .action(
      withClient(io, async (client, { output }: { output: OutputFormat }) => {
        const workers = await client.workers();
        const data = { items: workers, next: null };
        printAs(io, output, data, (options) => renderTable(workers, columnsAt(io.now()), options), 'worker');
      }),
    );
}

function columnsAt(now: number): Column<Worker>[] {
  return [
    { title: 'WORKER', value: ({ name }) => name, min: 12 },
    { title: 'POOL', value: ({ pool }) => pool, min: 8, drop: 3 },
    { title: 'HOST', value: ({ host }) => host, min: 8, drop: 4 },
    { title: 'SLOTS', value: ({ slots }) => `${slots.busy}/${slots.total}`, align: 'right' },
    { title: 'BEAT', value: ({ lastBeat }) => ageOf(lastBeat, now), align: 'right', drop: 1 },
    { title: 'AGE', value: ({ startedAt }) => ageOf(startedAt, now), align: 'right', drop: 2 },
    { title: 'STATE', value: workerState },
    { title: 'PID', value: ({ pid }) => pid, align: 'right', wide: true },
    { title: 'LAG', value: ({ eventLoopLag }) => `${Math.round(eventLoopLag)}ms`, align: 'right', wide: true },
    { title: 'MEMORY', value: ({ memory }) => formatBytes(memory), align: 'right', wide: true },
    { title: 'VERSION', value: ({ version }) => version, wide: true },
    { title: 'TASKS', value: taskList, wide: true },
  ];
}

/** APIs of earlier versions tell only which workers drain. */
export function workerState({ state, draining }: Pick<Worker, 'draining'> & Partial<Pick<Worker, 'state'>>): string {
  return state ?? (draining ? 'draining' : 'live');
}

function taskList({ tasks }: Worker): string {
  return tasks.map((task) => `${task.job}/${task.task} ${callText(task)}`).join(', ');
}

/** The provider's part: how long it has had the call, and what is usual. Before the call is sent, what the worker does. */
function callText({ progress, phase, waited, usual }: Worker['tasks'][number]): string {
  if (waited === null) return phase ?? `${Math.floor(progress * 100)}%`;
  const range = usual === null ? '' : ` (usually ${about(usual.p50)} to ${about(usual.p95)})`;
  return `waited ${about(waited)}${range}`;
}

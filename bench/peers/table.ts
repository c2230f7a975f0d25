// The table of a comparison, the same on the terminal and in the docs.

import { markdownTable } from '../../test/support/markdownTable.ts';
import { leads, spreadOf, type Series } from '../result.ts';

/** Name, title, unit, what is better. */
export const measures = [
  ['add', 'add, one task each', 'tasks/s', 'higher'],
  ['process', 'process no-op tasks', 'tasks/s', 'higher'],
  ['latencyP50', 'add to started, p50', 'ms', 'lower'],
  ['latencyP99', 'add to started, p99', 'ms', 'lower'],
  ['httpSubmit', 'POST /v1/jobs', 'requests/s', 'higher'],
  ['httpP50', 'POST /v1/jobs, p50', 'ms', 'lower'],
  ['httpP99', 'POST /v1/jobs, p99', 'ms', 'lower'],
  ['httpToEnd', 'POST /v1/jobs to the end', 'tasks/s', 'higher'],
] as const;

const titleOf = ({ name }: Series): string => measures.find(([one]) => one === name)![1];

/** With what distinguishes it from the other series of the same name. */
export const longTitleOf = (of: Series): string => `${titleOf(of)}, ${of.processes} proc., ${of.durability}`;

export function peersTable(all: readonly Series[]): string {
  const titles = ['medians', 'durability', 'processes', 'Genwarden', 'BullMQ', 'bare', 'lead over BullMQ', 'over bare'];
  return markdownTable(titles, all.map(rowOf));
}

function rowOf(one: Series): string[] {
  const median = (system: string): string => {
    const values = one.values[system];
    return values === undefined ? '' : rounded(spreadOf(values).median);
  };
  const lead = (over: string): string => {
    if (one.values[over] === undefined) return '';
    const { min, median: middle, max } = spreadOf(leads(one, over));
    return `${middle.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`;
  };
  const systems = ['ours', 'bullmq', 'bare'].map(median);
  return [
    `${titleOf(one)} (${one.unit})`,
    one.durability,
    String(one.processes),
    ...systems,
    lead('bullmq'),
    lead('bare'),
  ];
}

export const rounded = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(2));

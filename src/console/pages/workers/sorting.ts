// The order of the workers in the table.

import type { Worker } from '../../../client/index.ts';

const columns = ['name', 'pool', 'state', 'up', 'beat', 'slots', 'lag', 'memory'] as const;
export type Column = (typeof columns)[number];

export interface Order {
  column: Column;
  descending: boolean;
}

/** `-lag` is by lag, the largest first. By name without a valid order. */
export function orderFrom(text: string | undefined): Order {
  const descending = text?.startsWith('-') ?? false;
  const column = columns.find((one) => one === text?.replace(/^-/, ''));
  return column === undefined ? { column: 'name', descending: false } : { column, descending };
}

/** Undefined for the default. */
export function textOf({ column, descending }: Order): string | undefined {
  const text = `${descending ? '-' : ''}${column}`;
  return text === 'name' ? undefined : text;
}

/** What a click on the heading of a column asks for: numbers begin with the largest. */
export function nextOrder({ column, descending }: Order, clicked: Column): Order {
  if (clicked === column) return { column, descending: !descending };
  return { column: clicked, descending: ['slots', 'lag', 'memory'].includes(clicked) };
}

const states = ['lost', 'stopped', 'draining', 'live'];

const values: Readonly<Record<Column, (worker: Worker) => string | number>> = {
  name: ({ name }) => name,
  pool: ({ pool }) => pool,
  state: ({ state }) => states.indexOf(state),
  // How long it has been up: the latest start first.
  up: ({ startedAt }) => -Date.parse(startedAt),
  beat: ({ lastBeat }) => -Date.parse(lastBeat),
  slots: ({ slots }) => slots.busy,
  lag: ({ eventLoopLag }) => eventLoopLag,
  memory: ({ memory }) => memory,
};

/** Workers with equal values are in the order of their names. */
export function sortWorkers(workers: readonly Worker[], { column, descending }: Order): Worker[] {
  const value = values[column];
  return workers.toSorted((a, b) => {
    const order = compare(value(a), value(b));
    return (descending ? -order : order) || compare(a.name, b.name);
  });
}

const compare = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0);

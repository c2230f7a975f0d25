// Chooses what `genwarden dev` shows on a terminal: jobs that end, and problems, each kind of problem at most once in ten seconds.

import { levelNamed } from './logLevel.ts';

/** ms. */
const period = 10_000;

/** The lines below level warn that a person at the terminal needs. */
const shownEvents = new Set([
  'dev_job',
  'dev_stopping',
  'dev_stopped',
  'task_requeued',
  'storage_relieved',
  'outage_ended',
  'keys_changed',
  'log_level_changed',
  'nats_server_installing',
]);

/** Told better by another line: that of the pools at the start. */
const hiddenEvents = new Set(['pool_without_keys']);

interface Fields {
  readonly level?: string;
  readonly event?: string;
  readonly reason?: unknown;
  readonly pool?: unknown;
  readonly code?: unknown;
  readonly msg?: string;
}

/** Returns the line to show, with the number of similar ones that were left out before it; undefined for one that is left out. */
export function chooseLines(now: () => number): (line: string) => string | undefined {
  const kinds = new Map<string, { shownAt: number; leftOut: number }>();
  return (line) => {
    const fields = JSON.parse(line) as Fields;
    const { event = '', reason, pool, code, msg } = fields;
    const level = levelNamed(fields.level ?? 'info');
    // Somebody asked for the lines of level debug.
    if (level < levelNamed('info')) return line;
    if (hiddenEvents.has(event) || (level < levelNamed('warn') && !shownEvents.has(event))) return undefined;
    if (reason === undefined && code === undefined) return line;
    const kind = JSON.stringify([event, reason, pool, code]);
    const { shownAt, leftOut } = kinds.get(kind) ?? { shownAt: -Infinity, leftOut: 0 };
    if (now() - shownAt < period) {
      kinds.set(kind, { shownAt, leftOut: leftOut + 1 });
      return undefined;
    }
    kinds.set(kind, { shownAt: now(), leftOut: 0 });
    return leftOut === 0 ? line : JSON.stringify({ ...fields, msg: `${msg} (and ${leftOut} more like it)` });
  };
}

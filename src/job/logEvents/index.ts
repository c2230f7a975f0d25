// The catalogue of log events: each line at level info or above has one of these names. docs/logs.md is generated from it.

import { apiEvents, webhookEvents } from './api.ts';
import { devEvents } from './dev.ts';
import type { LogEventEntry, LogField } from './entry.ts';
import { jobEvents } from './jobs.ts';
import { operatorEvents } from './operator.ts';
import { controllerEvents, natsEvents, processEvents, workerEvents } from './processes.ts';

/** By the heading under which the docs list them. */
export const logEventGroups = {
  'Jobs and tasks': jobEvents,
  'Every process': processEvents,
  NATS: natsEvents,
  API: apiEvents,
  Webhooks: webhookEvents,
  Workers: workerEvents,
  Controller: controllerEvents,
  Operator: operatorEvents,
  '`genwarden dev`': devEvents,
} as const;

const catalogue = {
  ...jobEvents,
  ...processEvents,
  ...natsEvents,
  ...apiEvents,
  ...webhookEvents,
  ...workerEvents,
  ...controllerEvents,
  ...operatorEvents,
  ...devEvents,
};

export const logEvents: Readonly<Record<LogEvent, LogEventEntry>> = catalogue;

export type LogEvent = keyof typeof catalogue;

/** The fields that the lines of an event can have. */
export type FieldsOf<E extends LogEvent> = (typeof catalogue)[E]['fields'][number];

/** A value is what JSON can hold; `err` can be anything that was thrown. */
export type LogValues<E extends LogEvent> = { readonly [F in FieldsOf<E> & LogField]?: unknown };

/** What events are written to: a logger of pino, or what a test uses. */
export interface EventLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Logs an event at its level. `message` is for people, and has no text of clients or providers. */
export function logEvent<E extends LogEvent>(
  logger: EventLogger,
  event: E,
  fields: LogValues<E>,
  message: string,
): void {
  logger[logEvents[event].level]({ event, ...fields }, message);
}

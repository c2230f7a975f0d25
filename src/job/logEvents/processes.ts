// The log events of every process, and those of workers and controllers that are not about one task.

import { define } from './entry.ts';

export const processEvents = define({
  metrics_listening: {
    level: 'info',
    fields: ['url', 'version'],
    when: 'The process has started and serves its metrics.',
  },
  log_level_changed: {
    level: 'info',
    fields: ['logLevel'],
    when: 'A signal changed the log level, or the time of the change is over.',
  },
  log_lines_dropped: {
    level: 'warn',
    fields: ['dropped'],
    when: 'Lines could not be written, for example because of a full disk.',
  },
  library_message: { level: 'info', fields: ['err'], when: 'A line of a library. It can have any level.' },
  leader_elected: { level: 'info', fields: ['role', 'name'], when: 'This process leads.' },
  leader_lost: {
    level: 'warn',
    fields: ['role', 'name', 'reason'],
    when: 'This process no longer leads, although it did not stop.',
  },
  leader_resigned: { level: 'info', fields: ['role', 'name'], when: 'This process stops, and leads no longer.' },
  counters_restarted: {
    level: 'info',
    fields: [],
    when: 'A new leader cannot use the mark of the latest scrape by Prometheus: it counts from the start of its term.',
  },
  leader_failed: { level: 'warn', fields: ['err'], when: "The leader's work failed. The leader resigns." },
  leader_election_failed: { level: 'error', fields: ['err'], when: 'The process cannot lead any more.' },
  stream_replaced: {
    level: 'warn',
    fields: ['epoch'],
    when: 'The stream was deleted and created again. The process rebuilds its index.',
  },
  message_skipped: {
    level: 'warn',
    fields: ['why'],
    when: 'Messages of the stream could not be read. At most one line a minute.',
  },
  storage_full: {
    level: 'error',
    fields: ['storage', 'refuses'],
    when: 'A storage accepts no more data. The message says what to do.',
  },
  storage_relieved: { level: 'info', fields: ['storage', 'durationMs'], when: 'The storage accepts data again.' },
  heartbeats_unavailable: { level: 'error', fields: ['err'], when: 'The process no longer receives heartbeats.' },
  traces_undeliverable: {
    level: 'warn',
    fields: ['host', 'err'],
    when: 'The receiver of traces does not take spans. One line for each outage; jobs are not affected.',
  },
  traces_delivered: {
    level: 'info',
    fields: ['host', 'count'],
    when: 'The receiver takes spans again; `count` were lost.',
  },
  process_part_not_closed: {
    level: 'warn',
    fields: ['name', 'err'],
    when: 'A part of the process did not close in order.',
  },
});

export const workerEvents = define({
  worker_started: { level: 'info', fields: ['worker', 'pool'], when: 'A worker is ready to claim tasks.' },
  pool_without_keys: {
    level: 'warn',
    fields: ['pool'],
    when: 'The pool of the worker has no API key. Its tasks stay queued.',
  },
  keys_changed: { level: 'info', fields: ['pool', 'keys'], when: 'The worker uses new API keys.' },
  keys_unusable: {
    level: 'error',
    fields: ['pool', 'err'],
    when: 'The changed API keys cannot be used. The worker keeps the present ones.',
  },
  key_unavailable: { level: 'error', fields: ['err'], when: 'The worker cannot get an API key from NATS.' },
  claim_loop_failed: { level: 'error', fields: ['err'], when: 'The worker could not claim tasks. It tries again.' },
  cancellations_unavailable: {
    level: 'warn',
    fields: ['err'],
    when: 'The worker cannot receive cancellations. It subscribes again.',
  },
  slots_leaked: {
    level: 'error',
    fields: ['leaked'],
    when: 'Too many provider calls ignore their abort. The worker drains and ends.',
  },
});

export const controllerEvents = define({
  controller_started: { level: 'info', fields: ['controller'], when: 'A controller has started; it may not lead.' },
  outage_detected: {
    level: 'warn',
    fields: ['cause'],
    when: 'NATS or the controller itself was away. Silent workers do not count as lost until it ends.',
  },
  outage_ended: { level: 'info', fields: [], when: 'The outage has ended.' },
  pool_setup_failed: {
    level: 'warn',
    fields: ['pool', 'err'],
    when: 'The controller cannot create the consumers of a pool yet.',
  },
  periodic_work_failed: {
    level: 'warn',
    fields: ['periodic', 'err'],
    when: 'Periodic work of the controller failed. It runs again in the next period.',
  },
});

export const natsEvents = define({
  nats_disconnected: { level: 'info', fields: ['server'], when: 'The connection to NATS was lost.' },
  nats_reconnected: { level: 'info', fields: ['server'], when: 'The connection to NATS is back.' },
  nats_waiting: {
    level: 'warn',
    fields: ['error'],
    when: 'NATS does not answer yet. At most one line in ten seconds.',
  },
  nats_permission_denied: {
    level: 'error',
    fields: ['code', 'operation', 'subject', 'hint'],
    when: "The process's NATS user lacks a permission.",
  },
  nats_setup_waiting: {
    level: 'info',
    fields: ['waiting'],
    when: 'The process waits for what its NATS user may not create. At most one line in ten seconds.',
  },
  stream_waiting: {
    level: 'warn',
    fields: ['stream', 'error'],
    when: 'JetStream does not provide the stream yet. At most one line in ten seconds.',
  },
  stream_age_lowered: {
    level: 'info',
    fields: ['stream'],
    when: 'The controller lowers the age of a stream after all jobs from before GENWARDEN_RETENTION was lowered have expired.',
  },
  stream_age_waits: {
    level: 'info',
    fields: ['stream'],
    when: 'GENWARDEN_RETENTION was lowered. The stream keeps its age for as long as earlier jobs need it.',
  },
  stream_setting_kept: {
    level: 'warn',
    fields: ['stream', 'setting', 'wanted', 'keeps', 'hint'],
    when: 'A stream keeps a setting that differs from the configuration: NATS refused the change, or it would delete messages. The controller tries again every minute.',
  },
  system_account_unavailable: {
    level: 'warn',
    fields: ['err'],
    when: 'The controller cannot log in to the system account. It detects lost workers by missing heartbeats only.',
  },
});

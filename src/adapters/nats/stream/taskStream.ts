// The stream of all tasks: created if it is missing, checked if it exists. If the settings of an existing stream would lose or
// reject messages, the process does not start, and its error contains advice.

import type { StreamConfig, StreamInfo } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { GenwardenError } from '../../../job/errors/index.ts';
import { logEvent } from '../../../job/logEvents/index.ts';
import { askApi, streamInfo } from '../jetstream/api.ts';
import {
  isNotClustered,
  isRefusal,
  isStreamNameInUse,
  isStreamNotFound,
  isSubjectsOverlap,
} from '../jetstream/errors.ts';
import { once, retry, untilStopped } from '../jetstream/retry.ts';
import type { NatsLink } from '../link/connection.ts';
import { atMostEvery, remindEvery } from '../link/log.ts';
import { mayCreateStream, waitForController } from './ensure.ts';
import { streamName, streamSubjects } from './subjects.ts';

export interface StreamSettings {
  /** How long jobs are kept from their submit on, ms. */
  readonly retentionMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Makes sure that the stream exists and is suitable, waiting while the cluster has no leader. A retention or a number of
 * replicas that is too low is raised; none is ever lowered here. A limit in bytes is set if the link has one. A process
 * whose user may not create or change the stream waits for the controller. Throws `NatsUnsuitable`, `NatsTooOld` or the
 * signal's reason.
 */
export async function ensureTaskStream(link: NatsLink, { retentionMs, signal }: StreamSettings): Promise<void> {
  const wanted = wantedStream(link, retentionMs);
  const ensureOnce = async (): Promise<void> => {
    if (!mayCreateStream(link, wanted.name)) {
      return waitForController(link, waitReason(wanted), () => isSuitable(link, wanted), signal);
    }
    await adapt(link, wanted, (await existing(link, wanted.name)) ?? (await create(link, wanted)));
  };
  await retry(untilStopped, `The stream ${wanted.name} cannot be used`, ensureOnce, {
    signal,
    onFailure: atMostEvery(remindEvery, ({ message }) =>
      logEvent(
        link.log,
        'stream_waiting',
        { stream: wanted.name, error: message },
        'Waiting for JetStream to provide the stream',
      ),
    ),
  });
}

type WantedConfig = Partial<StreamConfig> & Pick<StreamConfig, 'name' | 'subjects' | 'max_age' | 'num_replicas'>;

/** ms. Messages outlive their job's retention, so that no reader ever sees part of a job. */
const beyondRetention = 3_600_000;

function wantedStream({ prefix, replicas, maxBytes }: NatsLink, retentionMs: number): WantedConfig {
  return {
    name: streamName(prefix),
    subjects: streamSubjects(prefix),
    description: 'Genwarden: every message of every task',
    retention: 'limits',
    storage: 'file',
    discard: 'new',
    max_age: nanos(retentionMs + beyondRetention),
    num_replicas: replicas,
    ...(maxBytes === undefined ? {} : { max_bytes: maxBytes }),
    allow_direct: true,
    allow_atomic: true,
  };
}

const waitReason = ({ name }: WantedConfig): string =>
  `the controller to create the stream ${name}, or to raise its retention or replicas`;

/** False if the controller has to create or change the stream; throws if the controller would refuse it too. */
async function isSuitable(link: NatsLink, wanted: WantedConfig): Promise<boolean> {
  const info = await existing(link, wanted.name);
  if (info === undefined) return false;
  refuseUnsuitable(wanted, info.config);
  const { max_age, num_replicas } = info.config;
  return (max_age === 0 || max_age >= wanted.max_age) && num_replicas >= wanted.num_replicas;
}

async function existing(link: NatsLink, name: string): Promise<StreamInfo | undefined> {
  try {
    return await streamInfo(link, name, once);
  } catch (error) {
    if (isStreamNotFound(error)) return undefined;
    throw error;
  }
}

async function create(link: NatsLink, wanted: WantedConfig): Promise<StreamInfo> {
  try {
    const info = await askApi<StreamInfo>(link, `STREAM.CREATE.${wanted.name}`, wanted, once);
    // Servers leave out settings that they do not know.
    if (info.config.allow_atomic === true) return info;
    throw new GenwardenError('NatsTooOld', 'nats-server does not know atomic batches: Genwarden needs 2.12 or newer.');
  } catch (error) {
    // Another process has just created it, with other settings.
    if (isStreamNameInUse(error)) return streamInfo(link, wanted.name, once);
    if (isSubjectsOverlap(error)) {
      const message = `Another stream already has subjects of ${wanted.subjects.join(', ')}. Delete that stream, or set another GENWARDEN_NATS_PREFIX.`;
      throw new GenwardenError('NatsUnsuitable', message, { cause: error });
    }
    if (isRefusal(error) || isNotClustered(error)) {
      const message = `NATS refused to create the stream ${wanted.name}: ${(error as Error).message}. Check JetStream's limits and GENWARDEN_NATS_REPLICAS.`;
      throw new GenwardenError('NatsUnsuitable', message, { cause: error });
    }
    throw error;
  }
}

async function adapt(link: NatsLink, wanted: WantedConfig, info: StreamInfo): Promise<void> {
  const { config: found } = info;
  refuseUnsuitable(wanted, found);
  const max_age = found.max_age === 0 ? 0 : Math.max(found.max_age, wanted.max_age);
  const num_replicas = Math.max(found.num_replicas, wanted.num_replicas);
  const max_bytes = safeLimit(link, wanted, info);
  if (max_age === found.max_age && num_replicas === found.num_replicas && max_bytes === found.max_bytes) return;
  await askApi(link, `STREAM.UPDATE.${wanted.name}`, { ...found, max_age, num_replicas, max_bytes }, once);
}

/** The server enforces a limit below what is stored by deleting the oldest messages. */
function safeLimit({ log }: NatsLink, { name, max_bytes }: WantedConfig, { config, state }: StreamInfo): number {
  if (max_bytes === undefined || max_bytes > state.bytes) return max_bytes ?? config.max_bytes;
  const fields = { stream: name, bytes: state.bytes, wanted: max_bytes, keeps: config.max_bytes };
  logEvent(
    log,
    'stream_limit_kept',
    fields,
    `The stream ${name} holds more than GENWARDEN_NATS_MAX_BYTES: its limit is not changed`,
  );
  return config.max_bytes;
}

function refuseUnsuitable(wanted: WantedConfig, found: StreamConfig): void {
  const fixed = ['retention', 'storage', 'discard', 'allow_direct', 'allow_atomic'] as const;
  const limits = ['max_msgs', 'max_msgs_per_subject'] as const;
  const problems = [
    ...fixed.filter((name) => found[name] !== wanted[name]).map((name) => problem(name, found[name], wanted[name])),
    ...limits.filter((name) => found[name] > 0).map((name) => problem(name, found[name], -1)),
    ...(['sealed', 'deny_purge'] as const).filter((name) => found[name]).map((name) => problem(name, true, false)),
    ...(haveSameSubjects(wanted, found) ? [] : [problem('subjects', found.subjects, wanted.subjects)]),
  ];
  if (problems.length === 0) return;
  const message = `The stream ${wanted.name} has ${problems.join('; ')}. Correct it with \`nats stream edit ${wanted.name}\`, delete it if nothing in it is needed, or set another GENWARDEN_NATS_PREFIX.`;
  throw new GenwardenError('NatsUnsuitable', message, { details: { stream: wanted.name, problems } });
}

const problem = (name: string, found: unknown, wanted: unknown): string =>
  `${name} ${JSON.stringify(found)}, but Genwarden needs ${JSON.stringify(wanted)}`;

const haveSameSubjects = (one: Pick<StreamConfig, 'subjects'>, other: Pick<StreamConfig, 'subjects'>): boolean =>
  JSON.stringify(one.subjects.toSorted()) === JSON.stringify(other.subjects.toSorted());

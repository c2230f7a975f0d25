// The one stream: made if it is not there, checked if it is. A stream that would lose or refuse what it must hold is
// refused at the start, with what to do.

import { setTimeout as pause } from 'node:timers/promises';
import { JetStreamApiError, type StreamConfig, type StreamInfo } from '@nats-io/jetstream';
import { GenwardenError } from '../../../job/errors/index.ts';
import { awaitMaker, mayMake } from '../jetstream/awaitMaker.ts';
import type { NatsLink } from '../link/connection.ts';
import { streamName, streamSubjects } from './subjects.ts';

export interface StreamSettings {
  /** How long jobs are kept from their submit on, ms. */
  readonly retentionMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Makes sure that the stream exists and is fit, waiting while the cluster has no leader. A retention or number of copies
 * that is too low is raised; none is ever lowered here. A limit in bytes is set where the link has one. A process whose user may not create or change the stream waits
 * for one that may. Throws `NatsUnsuitable`, `NatsTooOld` or the signal's reason.
 */
export async function ensureStream(link: NatsLink, { retentionMs, signal }: StreamSettings): Promise<void> {
  const wanted = wantedStream(link, retentionMs);
  for (let wait = 100; ; wait = Math.min(2 * wait, 2_000)) {
    signal?.throwIfAborted();
    try {
      if (!mayMake(link, wanted.name))
        return await awaitMaker(link, awaited(wanted), () => isFit(link, wanted), signal);
      const info = (await existing(link, wanted.name)) ?? (await create(link, wanted));
      await makeFit(link, wanted, info);
      return;
    } catch (error) {
      if (!mayPass(error)) throw error;
      link.log.warn(
        { stream: wanted.name, error: (error as Error).message },
        'Waiting for JetStream to offer the stream',
      );
      await pause(wait, undefined, signal === undefined ? {} : { signal });
    }
  }
}

type Wanted = Partial<StreamConfig> & Pick<StreamConfig, 'name' | 'subjects' | 'max_age' | 'num_replicas'>;

const nanos = 1_000_000;
/** Messages outlive their job's retention, so that no job is ever seen torn. */
const beyondRetention = 3_600_000;

function wantedStream({ prefix, replicas, maxBytes }: NatsLink, retentionMs: number): Wanted {
  return {
    name: streamName(prefix),
    subjects: streamSubjects(prefix),
    description: 'Genwarden: every message of every task',
    retention: 'limits',
    storage: 'file',
    discard: 'new',
    max_age: (retentionMs + beyondRetention) * nanos,
    num_replicas: replicas,
    ...(maxBytes === undefined ? {} : { max_bytes: maxBytes }),
    allow_direct: true,
    allow_atomic: true,
  };
}

const awaited = ({ name }: Wanted): string =>
  `the stream ${name} is to be made, or its retention or copies to be raised`;

/** False where it is for another process to make it so; throws where no process would. */
async function isFit(link: NatsLink, wanted: Wanted): Promise<boolean> {
  const info = await existing(link, wanted.name);
  if (info === undefined) return false;
  refuseUnfit(wanted, info.config);
  const { max_age, num_replicas } = info.config;
  return (max_age === 0 || max_age >= wanted.max_age) && num_replicas >= wanted.num_replicas;
}

async function existing(link: NatsLink, name: string): Promise<StreamInfo | undefined> {
  try {
    return await link.jsm.streams.info(name);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === streamNotFound) return undefined;
    throw error;
  }
}

async function create(link: NatsLink, wanted: Wanted): Promise<StreamInfo> {
  try {
    const info = await link.jsm.streams.add(wanted);
    // Servers leave out what they do not know.
    if (info.config.allow_atomic === true) return info;
    throw new GenwardenError('NatsTooOld', 'nats-server does not know atomic batches: Genwarden needs 2.12 or newer.');
  } catch (error) {
    if (!(error instanceof JetStreamApiError)) throw error;
    // Another process made it a moment ago, with settings of its own.
    if (error.code === nameInUse) return link.jsm.streams.info(wanted.name);
    if (error.code === subjectsOverlap) {
      const message = `Another stream already takes subjects of ${wanted.subjects.join(', ')}. Delete that stream, or set another GENWARDEN_NATS_PREFIX.`;
      throw new GenwardenError('NatsUnsuitable', message, { cause: error });
    }
    if (error.status < 500 || error.code === notClustered) {
      const message = `NATS refused to make the stream ${wanted.name}: ${error.message}. Check JetStream's limits and GENWARDEN_NATS_REPLICAS.`;
      throw new GenwardenError('NatsUnsuitable', message, { cause: error });
    }
    throw error;
  }
}

async function makeFit(link: NatsLink, wanted: Wanted, info: StreamInfo): Promise<void> {
  const { config: found } = info;
  refuseUnfit(wanted, found);
  const max_age = found.max_age === 0 ? 0 : Math.max(found.max_age, wanted.max_age);
  const num_replicas = Math.max(found.num_replicas, wanted.num_replicas);
  const max_bytes = safeLimit(link, wanted, info);
  const fits = max_age === found.max_age && num_replicas === found.num_replicas && max_bytes === found.max_bytes;
  if (!fits) await link.jsm.streams.update(wanted.name, { ...found, max_age, num_replicas, max_bytes });
}

/** The server makes room for a limit below what is stored, by dropping the oldest messages. */
function safeLimit({ log }: NatsLink, { name, max_bytes }: Wanted, { config, state }: StreamInfo): number {
  if (max_bytes === undefined || max_bytes > state.bytes) return max_bytes ?? config.max_bytes;
  const has = { stream: name, bytes: state.bytes, wanted: max_bytes, keeps: config.max_bytes };
  log.warn(has, `The stream ${name} holds more than GENWARDEN_NATS_MAX_BYTES: its limit stays as it is`);
  return config.max_bytes;
}

function refuseUnfit(wanted: Wanted, found: StreamConfig): void {
  const fixed = ['retention', 'storage', 'discard', 'allow_direct', 'allow_atomic'] as const;
  const limits = ['max_msgs', 'max_msgs_per_subject'] as const;
  const problems = [
    ...fixed.filter((name) => found[name] !== wanted[name]).map((name) => problem(name, found[name], wanted[name])),
    ...limits.filter((name) => found[name] > 0).map((name) => problem(name, found[name], -1)),
    ...(['sealed', 'deny_purge'] as const).filter((name) => found[name]).map((name) => problem(name, true, false)),
    ...(sameSubjects(wanted, found) ? [] : [problem('subjects', found.subjects, wanted.subjects)]),
  ];
  if (problems.length === 0) return;
  const message = `The stream ${wanted.name} has ${problems.join('; ')}. Correct it with \`nats stream edit ${wanted.name}\`, delete it if nothing in it is needed, or set another GENWARDEN_NATS_PREFIX.`;
  throw new GenwardenError('NatsUnsuitable', message, { details: { stream: wanted.name, problems } });
}

const problem = (name: string, found: unknown, wanted: unknown): string =>
  `${name} ${JSON.stringify(found)} where Genwarden needs ${JSON.stringify(wanted)}`;

const sameSubjects = (one: Pick<StreamConfig, 'subjects'>, other: Pick<StreamConfig, 'subjects'>): boolean =>
  JSON.stringify(one.subjects.toSorted()) === JSON.stringify(other.subjects.toSorted());

const streamNotFound = 10_059;
const nameInUse = 10_058;
const subjectsOverlap = 10_065;
/** More than one copy asked of a single server; its status is 500 all the same. */
const notClustered = 10_074;

/** No leader yet, a restart, a lost answer: everything but a plain no. */
function mayPass(error: unknown): boolean {
  if (error instanceof GenwardenError || (error as Error).name === 'AbortError') return false;
  return !(error instanceof JetStreamApiError) || error.status >= 500;
}

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
  isStorageFull,
  isStreamNotFound,
  isSubjectsOverlap,
} from '../jetstream/errors.ts';
import { once, retry, untilStopped } from '../jetstream/retry.ts';
import type { NatsLink } from '../link/connection.ts';
import { atMostEvery, remindEvery } from '../link/log.ts';
import { accountOf, changeStream } from './change.ts';
import { mayCreateStream, waitForController } from './ensure.ts';
import { describeKept, differences, largestLimit, type KeptSetting, type WantedSettings } from './keptSettings.ts';
import { streamName, streamSubjects } from './subjects.ts';

export interface StreamSettings {
  /** How long jobs are kept from their submit on, ms. */
  readonly retentionMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Makes sure that the stream exists and is suitable, waiting while the cluster has no leader. A retention or a number of
 * replicas that is too low is raised, and an age is lowered once no job needs it. A limit in bytes is set if the link has one. What NATS
 * refuses to change is in `link.kept`. A process whose user may not create the stream waits for the controller. Throws
 * `NatsUnsuitable`, `NatsTooOld` or the signal's reason.
 */
export async function ensureTaskStream(link: NatsLink, { retentionMs, signal }: StreamSettings): Promise<void> {
  const wanted = wantedStream(link, retentionMs);
  const ensureOnce = async (): Promise<void> => {
    const info = await existing(link, wanted.name);
    if (info !== undefined || mayCreateStream(link, wanted.name)) {
      return adapt(link, wanted, info ?? (await create(link, wanted)));
    }
    const exists = async (): Promise<boolean> => (await existing(link, wanted.name)) !== undefined;
    await waitForController(link, waitReason(link, wanted), exists, signal);
    return ensureOnce();
  };
  let reason = '';
  const waitFor = (why: string): void => {
    link.waiting.delete(reason);
    reason = why;
    if (why !== '') link.waiting.add(why);
  };
  const warn = atMostEvery(remindEvery, (error: string) =>
    logEvent(link.log, 'stream_waiting', { stream: wanted.name, error }, 'Waiting for JetStream to provide the stream'),
  );
  try {
    await retry(untilStopped, `The stream ${wanted.name} cannot be used`, ensureOnce, {
      signal,
      onFailure: ({ message }) => {
        waitFor(`waiting for JetStream to provide the stream ${wanted.name} (${message})`);
        warn(message);
      },
    });
  } finally {
    waitFor('');
  }
}

type WantedConfig = Partial<StreamConfig> & Pick<StreamConfig, 'subjects'> & WantedSettings;

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
    max_msg_size: -1,
    ...(maxBytes === undefined ? {} : { max_bytes: maxBytes }),
    allow_direct: true,
    allow_atomic: true,
  };
}

/** Names the one cause that this process can see as well as the controller: a single server keeps no replicas. */
function waitReason({ connection, apiPrefix }: NatsLink, { name, num_replicas }: WantedConfig): string {
  const isAlone = apiPrefix === '$JS.API' && connection.info !== undefined && connection.info.cluster === undefined;
  const hint =
    num_replicas > 1 && isAlone
      ? `GENWARDEN_NATS_REPLICAS is ${num_replicas}, but the NATS server is not in a cluster`
      : 'if this lasts, the log of the controller says why';
  return `the controller to create the stream ${name} (${hint})`;
}

/** The settings that the stream lacks, for a process that only looks. Throws `NatsUnsuitable`. */
export async function keptByTaskStream(link: NatsLink, retentionMs: number, info: StreamInfo): Promise<KeptSetting[]> {
  const wanted = wantedStream(link, retentionMs);
  refuseUnsuitable(wanted, info.config);
  const open = differences(info.config, wanted);
  if (open.length === 0) return [];
  const account = await accountOf(link, wanted.num_replicas);
  return open.map((setting) => describeKept(setting, { info, wanted, account, refusal: undefined }));
}

async function existing(link: NatsLink, name: string): Promise<StreamInfo | undefined> {
  try {
    return await streamInfo(link, name, once);
  } catch (error) {
    if (isStreamNotFound(error)) return undefined;
    throw error;
  }
}

/** With the largest limit in bytes that NATS has room for: work must not wait for a limit. */
async function create(link: NatsLink, wanted: WantedConfig): Promise<StreamInfo> {
  const { max_bytes, ...rest } = wanted;
  for (let limit = max_bytes; ; limit = await smaller(link, wanted, limit)) {
    try {
      return await createOnce(link, limit === undefined ? rest : { ...rest, max_bytes: limit });
    } catch (error) {
      if (limit === undefined || !isStorageFull(error)) throw refusal(wanted, error);
    }
  }
}

/** What the account says it allows, else the half, as long as that is a limit worth having. Undefined: try without one. */
async function smaller(link: NatsLink, wanted: WantedConfig, refused: number): Promise<number | undefined> {
  const largest = largestLimit(await accountOf(link, wanted.num_replicas));
  if (largest !== undefined && largest < refused) return largest > 0 ? largest : undefined;
  const half = Math.floor(refused / 2);
  return half < wanted.max_bytes! / 64 ? undefined : half;
}

async function createOnce(link: NatsLink, wanted: WantedConfig): Promise<StreamInfo> {
  try {
    const info = await askApi<StreamInfo>(link, `STREAM.CREATE.${wanted.name}`, wanted, once);
    // Servers leave out settings that they do not know.
    if (info.config.allow_atomic === true) return info;
    throw new GenwardenError('NatsTooOld', 'nats-server does not know atomic batches: Genwarden needs 2.12 or newer.');
  } catch (error) {
    // Another process has just created it, with other settings.
    if (isStreamNameInUse(error)) return streamInfo(link, wanted.name, once);
    throw error;
  }
}

/** What NATS refuses for good, with advice; any other error may be temporary. */
function refusal(wanted: WantedConfig, error: unknown): unknown {
  if (isSubjectsOverlap(error)) {
    const message = `Another stream already has subjects of ${wanted.subjects.join(', ')}. Delete that stream, or set another GENWARDEN_NATS_PREFIX.`;
    return new GenwardenError('NatsUnsuitable', message, { cause: error });
  }
  if (!isRefusal(error) && !isNotClustered(error)) return error;
  const message = `NATS refused to create the stream ${wanted.name}: ${(error as Error).message}. Check JetStream's limits and GENWARDEN_NATS_REPLICAS.`;
  return new GenwardenError('NatsUnsuitable', message, { cause: error });
}

async function adapt(link: NatsLink, wanted: WantedConfig, info: StreamInfo): Promise<void> {
  refuseUnsuitable(wanted, info.config);
  // The controller changes it; other processes work with it as it is.
  if (mayCreateStream(link, wanted.name)) await changeStream(link, info, wanted);
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

// Creates the streams behind buckets and object stores. Only the controller's NATS user may create streams; the other
// processes wait until it has.

import { DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream';
import { millis } from '@nats-io/transport-node';
import { sleep } from '../../../async/sleep.ts';
import { GenwardenError } from '../../../job/errors/index.ts';
import { logEvent } from '../../../job/logEvents/index.ts';
import { askApi, streamInfo } from '../jetstream/api.ts';
import { isStreamNotFound } from '../jetstream/errors.ts';
import { once, retryAtStart } from '../jetstream/retry.ts';
import type { NatsLink } from '../link/connection.ts';
import { atMostEvery, remindEvery } from '../link/log.ts';
import { changeStream } from './change.ts';
import type { WantedSettings } from './keptSettings.ts';

type NamedConfig = Partial<StreamConfig> & { readonly name: string };
type FullConfig = NamedConfig & WantedSettings;

/**
 * Creates the stream or waits until another process has. An expiry or a number of replicas that is too low is raised; what
 * NATS refuses to change is in `link.kept`. Throws `NatsUnsuitable` for a bucket whose entries would expire too early or never.
 */
export async function ensureStream(link: NatsLink, config: NamedConfig, signal?: AbortSignal): Promise<void> {
  const full = {
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    num_replicas: link.replicas,
    max_age: 0,
    max_msg_size: -1,
    ...config,
  };
  const isReady = (): Promise<boolean> =>
    retryAtStart(link, `The stream ${config.name} cannot be used`, () => createOrCheck(link, full));
  return waitForController(link, `the controller to create the stream ${config.name}`, isReady, signal);
}

export const mayCreateStream = (
  { permissions, apiPrefix }: Pick<NatsLink, 'permissions' | 'apiPrefix'>,
  stream: string,
): boolean => permissions().mayPublish(`${apiPrefix}.STREAM.CREATE.${stream}`);

const checkEvery = 250;

/**
 * Checks four times a second until `isReady` returns true; meanwhile the wait shows in the log and in the readiness. Throws
 * what `isReady` throws, or the reason why the process stops or the signal aborted.
 */
export async function waitForController(
  link: Pick<NatsLink, 'log' | 'waiting' | 'stopping' | 'closing'>,
  what: string,
  isReady: () => Promise<boolean>,
  signal?: AbortSignal,
): Promise<void> {
  const stop = AbortSignal.any([link.stopping, link.closing, ...(signal === undefined ? [] : [signal])]);
  const reason = `waiting for ${what}`;
  const remind = atMostEvery(remindEvery, () =>
    logEvent(
      link.log,
      'nats_setup_waiting',
      { waiting: what },
      `Waiting for ${what}: this process's NATS user may not do it`,
    ),
  );
  try {
    while (!(await isReady())) {
      stop.throwIfAborted();
      link.waiting.add(reason);
      remind();
      await sleep(checkEvery, stop);
      stop.throwIfAborted();
    }
  } finally {
    link.waiting.delete(reason);
  }
}

/** False if the stream does not exist and this process may not create it. */
async function createOrCheck(link: NatsLink, config: FullConfig): Promise<boolean> {
  try {
    const info = await streamInfo(link, config.name, once);
    const mayChange = mayCreateStream(link, config.name);
    checkExpiry(mayChange ? await changeStream(link, info, config) : info.config, config);
  } catch (error) {
    if (!isStreamNotFound(error)) throw error;
    if (!mayCreateStream(link, config.name)) return false;
    // Two processes that start together ask for the same configuration, which the server accepts.
    await askApi(link, `STREAM.CREATE.${config.name}`, config, once);
  }
  return true;
}

/** Artifacts and deliveries that expire early are missed only by old jobs, which must not keep a process from starting. */
function checkExpiry(found: StreamConfig, wanted: FullConfig): void {
  const isShorter = found.max_age !== 0 && (wanted.max_age === 0 || found.max_age < wanted.max_age);
  const isMissing = wanted.max_age !== 0 && found.max_age === 0;
  if (!isMissing && !(isShorter && wanted.name.startsWith('KV_'))) return;
  const seconds = (age: number): string => (age === 0 ? 'no expiry' : `${millis(age) / 1_000} s`);
  const message = `The stream ${wanted.name} has max_age ${seconds(found.max_age)}, but Genwarden needs ${seconds(wanted.max_age)}. Change it with \`nats stream edit ${wanted.name}\`.`;
  throw new GenwardenError('NatsUnsuitable', message);
}

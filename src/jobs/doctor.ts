// Checks an installation as this process sees it. Each check reports its result and, on failure, what to do.

import { about } from '../job/duration.ts';
import { ownWords } from '../job/block.ts';
import { clockTime, count } from '../job/explain/format.ts';
import type { ObservedPool } from '../job/explain/observation.ts';
import { settingOf } from '../job/providers.ts';
import { isoTime } from '../job/time.ts';
import { storageAdvice, storageEffect, storageTitle } from '../job/storage.ts';
import { GenwardenError } from '../job/errors/index.ts';
import { jobIdFrom } from '../job/ids.ts';
import type { JobsContext } from './context.ts';
import { type ExplainContext, observePools } from './explain.ts';
import { fullStorage } from './storage.ts';
import { countOverdue } from './overdueTally.ts';
import { standInPools } from './standIns.ts';

type StorageContext = Pick<JobsContext, 'installation' | 'log' | 'artifacts' | 'random' | 'webhooks'>;
export type DoctorContext = ExplainContext & StorageContext;

export interface Check {
  /** What was checked. */
  readonly name: string;
  readonly ok: boolean;
  /** What was found. */
  readonly says: string;
  /** What to do; null if nothing needs doing. */
  readonly advice: string | null;
}

export const passed = (name: string, says: string): Check => ({ name, ok: true, says, advice: null });
export const failed = (name: string, says: string, advice: string): Check => ({ name, ok: false, says, advice });

/** All checks, each after those that it depends on. Never throws: a check that cannot run counts as failed. */
export async function checkInstallation(context: DoctorContext, tenant: string): Promise<Check[]> {
  // The check of the artifacts writes: what it shows about the storage is known before the storage is checked.
  const written = artifacts(context, tenant);
  const groups = [
    ['nats', () => nats(context)],
    ['stream', async () => [await stream(context)]],
    ['artifacts', async () => [await written]],
    ['storage', async () => [await written.then(() => room(context))]],
    ['clock', async () => [clock(context)]],
    ['index', async () => [index(context)]],
    ['controller', async () => [await controller(context)]],
    ['pools', () => poolChecks(context)],
    ['webhooks', async () => webhooks(context)],
  ] as const;
  const checks = groups.map(async ([name, check]): Promise<readonly Check[]> => {
    try {
      return await check();
    } catch (error) {
      return [failed(name, whyUnchecked(name, error), "Check that NATS is running and reachable; see this API's log.")];
    }
  });
  return withoutEffects((await Promise.all(checks)).flat());
}

/** A request that NATS does not answer fails in many ways, which all mean the same. */
function whyUnchecked(name: string, error: unknown): string {
  if (name === 'nats' && error instanceof GenwardenError && error.code === 'Unavailable') return 'NATS does not answer';
  return error instanceof Error ? error.message : String(error);
}

const needNats: readonly string[] = ['stream', 'index', 'controller', 'pools'];

/** While NATS is away, other checks fail only because of that: each of them would give another reason. */
function withoutEffects(checks: readonly Check[]): Check[] {
  if (!checks.some(({ name, ok }) => name === 'nats' && !ok)) return [...checks];
  const isEffect = ({ name, says }: Check): boolean =>
    needNats.includes(name) || (name === 'artifacts' && /\bNATS\b/.test(says));
  return checks.map((check) =>
    !check.ok && isEffect(check)
      ? failed(check.name, 'not checked: NATS does not answer', 'See the check `nats`.')
      : check,
  );
}

function webhooks({ webhooks: rules }: StorageContext): Check[] {
  if (rules?.problem === undefined) return [];
  const problem = rules.problem();
  if (problem === undefined) return [passed('webhooks', 'secrets are loaded, and receivers can follow the links')];
  return [failed('webhooks', problem.says, problem.advice)];
}

async function nats({ installation }: StorageContext): Promise<Check[]> {
  if (installation === undefined) return [];
  const { version, roundTripMs, unsuitable, replicas, storage } = await installation.nats();
  const copies = replicas === 1 ? 'one copy' : `${replicas} copies`;
  return [
    passed('nats', `version ${version}, answers in ${roundTripMs.toFixed(1)} ms`),
    unsuitable === undefined
      ? passed('settings', `the stream is configured correctly, ${copies} of each message`)
      : failed('settings', unsuitable, 'Correct the stream as described, or restart this API to create it.'),
    space(
      'account',
      storage.used,
      storage.limit,
      "Raise the account's JetStream storage, or lower GENWARDEN_RETENTION.",
    ),
  ];
}

async function stream({ log }: StorageContext): Promise<Check> {
  const { bytes, maxBytes } = await log.health();
  return space('stream', bytes, maxBytes, "Raise the stream's max_bytes, or lower GENWARDEN_RETENTION.");
}

/** At this share of the limit, submits are refused, so that the statuses of stored jobs always have room. */
const fullFrom = 0.85;

function space(name: string, used: number, limit: number, advice: string): Check {
  const mib = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MiB`;
  if (limit <= 0) return passed(name, `${mib(used)} used; only the disk limits it`);
  const says = `${mib(used)} of ${mib(limit)} used (${Math.round((100 * used) / limit)} %)`;
  return used < fullFrom * limit ? passed(name, says) : failed(name, says, advice);
}

function room(context: DoctorContext): Check {
  const full = fullStorage(context);
  if (full === undefined) return passed('storage', 'no write was refused for lack of room');
  const says = `full since ${clockTime(full.since)}: ${storageTitle(full)} (${full.words}); ${storageEffect(full)}`;
  return failed('storage', says, storageAdvice(full));
}

/** `otherwise`: what to do about any other failure of the artifact store. */
function adviceFor({ code }: GenwardenError, otherwise: string): string {
  if (code === 'StorageFull' || code === 'ArtifactStoreUnavailable') return 'See the check `storage`.';
  if (code !== 'Unavailable') return otherwise;
  return 'This process reconnects automatically. If this lasts, check the limits of connections on the NATS server and its account: artifacts have a connection to themselves.';
}

const unreadable =
  'Check the artifact store. An S3 server must support conditional writes (If-None-Match), or attempts replace the results of others.';

/** Writes, reads and deletes random bytes. */
async function artifacts(context: DoctorContext, tenant: string): Promise<Check> {
  const { artifacts: store, random } = context;
  // A write to a full disk is answered late or never.
  const full = fullStorage(context);
  if (full !== undefined && full.refuses !== 'submits') {
    return failed('artifacts', `not checked: ${storageTitle(full)}`, 'See the check `storage`.');
  }
  const advice = 'Check the space, limits and credentials of the artifact store.';
  try {
    const started = performance.now();
    const job = jobIdFrom(random(32));
    const place = { job, task: 0, name: 'doctor', labels: {}, expiresAt: context.clock.now() };
    const put = () => store.put(tenant, random(64), 'application/octet-stream', { place });
    // Another attempt at the same place must not replace the first: an S3 server that ignores conditions would.
    const written = [await put(), await put()];
    const read = await store.read(tenant, written[0]!.digest);
    for (const { digest, path } of written) await store.delete(tenant, digest, { job, path });
    if (read?.length !== 64) return failed('artifacts', 'the bytes just written cannot be read', unreadable);
    return passed('artifacts', `written, read and deleted in ${(performance.now() - started).toFixed(0)} ms`);
  } catch (error) {
    const says = error instanceof Error ? error.message : String(error);
    return failed('artifacts', says, error instanceof GenwardenError ? adviceFor(error, advice) : advice);
  }
}

/** ms. Jobs do not depend on this machine's clock, but logs of machines whose clocks differ cannot be compared. */
const maxOffset = 60_000;

function clock({ clock: time }: DoctorContext): Check {
  const offset = time.offset();
  const says = `this machine's clock is ${about(Math.abs(offset))} ${offset < 0 ? 'ahead of' : 'behind'} the NATS server's`;
  if (Math.abs(offset) <= maxOffset) return passed('clock', says);
  return failed('clock', says, 'Jobs are not affected. Set the clock (NTP), so that logs can be compared.');
}

function index({ follower }: DoctorContext): Check {
  const { ready, reason } = follower.ready();
  const { jobs, openTasks } = follower.index.size;
  if (ready) return passed('index', `current: ${count(jobs, 'job')}, ${count(openTasks, 'open task')}`);
  return failed('index', `${reason} (for ${about(follower.lag())})`, 'It catches up automatically once NATS answers.');
}

async function controller(context: DoctorContext): Promise<Check> {
  const { installation } = context;
  const { all: overdue } = countOverdue(context);
  const leader = await installation?.leader();
  const full = fullStorage(context);
  if (full?.refuses === 'statuses' && (overdue > 0 || (installation !== undefined && leader === undefined))) {
    const says = `no controller can lead or move tasks while the storage is full; ${count(overdue, 'overdue task')}`;
    return failed('controller', says, 'See the check `storage`. The controller continues as soon as there is room.');
  }
  const advice =
    'Start one with `genwarden controller`. If one is running, check its log: it leads only while its index is current.';
  if (installation !== undefined && leader === undefined) return failed('controller', 'no controller leads', advice);
  const leads = leader === undefined ? '' : `${leader} leads; `;
  if (overdue > 0) return failed('controller', `${leads}${count(overdue, 'overdue task')} not moved`, advice);
  return passed('controller', `${leads}no task is overdue`);
}

async function poolChecks(context: ExplainContext): Promise<Check[]> {
  const names = context.pools.list().map(({ name }) => name);
  if (names.length === 0) {
    return [failed('pools', 'no pool is declared', 'Start a worker: it declares its pool.')];
  }
  const { pools } = await observePools(context, new Set(names));
  const checks = [...pools.values()].flatMap((pool) => [workers(pool), ...keys(pool), ...outages(context, pool)]);
  return [...checks, ...standIns(context)];
}

/** Not a fault, but easily overlooked. */
function standIns(context: Pick<ExplainContext, 'workers'>): Check[] {
  const names = [...standInPools(context.workers)].map((name) => `pool ${name}`);
  if (names.length === 0) return [];
  return [passed('stand-in', `a stand-in answers for ${names.join(', ')}: the results are not the provider's`)];
}

function workers({ name, workers: live, draining, slots, paused }: ObservedPool): Check {
  const label = `pool ${name}`;
  const says = `${count(live, 'worker')}, ${slots.free} of ${count(slots.total, 'slot')} free`;
  if (live === draining) {
    return failed(label, 'no worker serves it', `Start one with \`genwarden worker --pool ${name}\`.`);
  }
  if (paused === null) return passed(label, says);
  const until = paused.until === null ? '' : ` until ${isoTime(paused.until)}`;
  return failed(label, `paused${until}; ${says}`, `Resume it with \`genwarden resume ${name}\`.`);
}

function keys({ name, provider, keys: all }: ObservedPool): Check[] {
  if (all === null) return [];
  const label = `keys of ${name}`;
  const states = all.map(({ fingerprint, state, cause, until }) => {
    const why = cause === null ? '' : ` (${cause})`;
    return `${fingerprint} ${state}${why}${until === null ? '' : ` until ${clockTime(until)}`}`;
  });
  if (all.length === 0) {
    return [
      failed(
        label,
        'no key is configured',
        `Set ${settingOf(provider, 'API_KEYS')}, or keys in the pools file, for its workers.`,
      ),
    ];
  }
  const refused = all.filter(({ state }) => state === 'refused').length;
  if (refused > 0)
    return [
      failed(
        label,
        states.join(', '),
        'Replace the rejected keys: workers read changed key files while they run, and keys from the environment at their start.',
      ),
    ];
  return [passed(label, states.join(', '))];
}

function outages({ keys: ring }: ExplainContext, { name }: ObservedPool): Check[] {
  return (ring?.outages(name) ?? []).map(({ model, since, until, provider, message }) => {
    const what = provider?.status === undefined ? 'cannot be reached' : `answers ${provider.status}`;
    const own = ownWords(message);
    const words = own === '' ? '' : ` (${own})`;
    return failed(
      `provider of ${name}`,
      `${what} for ${model} since ${clockTime(since)}${words}; next probe ${clockTime(until)}`,
      "No action needed: tasks wait until a probe succeeds. Check the provider's status page.",
    );
  });
}

// Checks an installation as this process sees it. Each check reports its result and, on failure, what to do.

import { about } from '../../job/duration.ts';
import { count } from '../../job/explain/format.ts';
import { storageTitle } from '../../job/storage.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import { jobIdFrom } from '../../job/ids.ts';
import type { JobsContext } from '../context.ts';
import type { ExplainContext } from '../explain.ts';
import { fullStorage } from '../storage.ts';
import { countOverdue } from '../overdueTally.ts';
import { failed, passed, type Check } from './check.ts';
import { poolChecks } from './pools.ts';
import { providerChecks, type ProviderContext } from './provider.ts';
import { nats, room, stream, whyNatsFails, type StorageContext } from './storage.ts';

export type DoctorContext = ExplainContext &
  StorageContext &
  ProviderContext &
  Pick<JobsContext, 'artifacts' | 'random' | 'webhooks'>;

/**
 * All checks, each after those that it depends on. Never throws: a check that cannot run counts as failed. `tenant`: under whom the
 * artifact store is tried.
 */
export async function checkInstallation(
  context: DoctorContext,
  { tenant, callProviders }: { readonly tenant: string; readonly callProviders: boolean },
): Promise<Check[]> {
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
    ['provider', () => providerChecks(context, callProviders)],
    ['webhooks', async () => webhooks(context)],
  ] as const;
  const checks = groups.map(async ([name, check]): Promise<readonly Check[]> => {
    try {
      return await check();
    } catch (error) {
      return [
        failed(
          name,
          whyUnchecked(context, name, error),
          "Check that NATS is running and reachable; see this API's log.",
        ),
      ];
    }
  });
  return withoutEffects((await Promise.all(checks)).flat());
}

/** A request that NATS does not answer fails in many ways, which all mean the same. */
function whyUnchecked(context: StorageContext, name: string, error: unknown): string {
  if (name === 'nats' && error instanceof GenwardenError && error.code === 'Unavailable') return whyNatsFails(context);
  return error instanceof Error ? error.message : String(error);
}

const needNats: readonly string[] = ['stream', 'index', 'controller', 'pools', 'provider'];

/** While NATS is away, other checks fail only because of that: each of them would give another reason. */
function withoutEffects(checks: readonly Check[]): Check[] {
  if (!checks.some(({ name, ok }) => name === 'nats' && !ok)) return [...checks];
  const isEffect = ({ name, says }: Check): boolean =>
    needNats.includes(name) || name.startsWith('check of ') || (name === 'artifacts' && /\bNATS\b/.test(says));
  return checks.map((check) =>
    !check.ok && isEffect(check)
      ? failed(check.name, 'not checked: NATS does not answer', 'See the check `nats`.')
      : check,
  );
}

function webhooks({ webhooks: rules }: Pick<JobsContext, 'webhooks'>): Check[] {
  if (rules?.problem === undefined) return [];
  const problem = rules.problem();
  if (problem === undefined) return [passed('webhooks', 'secrets are loaded, and receivers can follow the links')];
  return [failed('webhooks', problem.says, problem.advice)];
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
  // Only an operator declares pools with an owner.
  const inCluster = context.pools.list().some(({ owner }) => owner !== undefined);
  const start = inCluster ? 'See why none runs: `kubectl genwarden doctor`' : 'Start one with `genwarden controller`';
  const advice = `${start}. If one is running, check its log: it leads only while its index is current.`;
  if (installation !== undefined && leader === undefined) return failed('controller', 'no controller leads', advice);
  const leads = leader === undefined ? '' : `${leader} leads; `;
  if (overdue > 0) return failed('controller', `${leads}${count(overdue, 'overdue task')} not moved`, advice);
  return passed('controller', `${leads}no task is overdue`);
}

// The JSON of a pool: its queue, workers, keys, outages and spending.

import { ownWords } from '../../job/block.ts';
import { keysInUse } from '../../jobs/keysInUse.ts';
import { everyTenant } from '../../jobs/tenancy.ts';
import { limitsOf, maxReferenceBytes } from '../../job/modelLimits.ts';
import { allowedOptions } from '../../job/providerOptions/index.ts';
import { tenantLimit, weightOf } from '../../job/shares.ts';
import { maxReferences } from '../../job/task.ts';
import { isoTime } from '../../job/time.ts';
import type { KeyState, Outage, Spending } from '../../ports/keyRing.ts';
import type { PoolDeclaration } from '../../ports/poolRegistry.ts';
import type { Principal } from '../auth/principal.ts';
import type { ApiContext } from '../options.ts';
import type { PoolView } from './poolSchemas.ts';
import { isoTimeOrNull } from './taskView.ts';

export async function poolView(context: ApiContext, pool: PoolDeclaration, principal: Principal): Promise<PoolView> {
  const { name, provider, models, resource } = pool;
  const [depth, states, paused] = await Promise.all([
    context.queue.depth(name),
    context.keys?.state(name) ?? [],
    context.queue.paused(name),
  ]);
  const counts = context.follower.index.counts().get(name);
  const workers = context.workers.list().filter(({ beat }) => beat.pool === name);
  return {
    name,
    provider,
    models: { image: [...models.image], text: [...models.text] },
    modelLimits: modelLimitsView(pool),
    providerOptions: providerOptionsOf(pool),
    depth: { ...depth.lanes },
    unacknowledged: depth.unacknowledged,
    queued: counts?.queued ?? 0,
    running: counts?.running ?? 0,
    waiting: counts?.waiting ?? 0,
    needsReview: counts?.needs_review ?? 0,
    oldestQueuedAt: isoTimeOrNull(context.follower.index.queueOrder.oldest(name)),
    paused: paused !== undefined,
    pausedUntil: isoTimeOrNull(paused?.until ?? null),
    pausedBy: paused === undefined ? null : resource?.paused === true ? 'spec' : 'api',
    managed: resource === undefined ? null : { kind: 'WorkerPool', namespace: resource.namespace, name },
    workers: workers.length,
    standIn: workers.some(({ beat }) => beat.standIn === true),
    keys: keysInUse(context.workers, name, states).map(keyView),
    outages: (context.keys?.outages(name) ?? []).map(outageView),
    spending: (context.keys?.spending(name) ?? []).filter((it) => isShown(it, principal)).map(spendingView),
    ...tenantsView(context, pool, principal),
  };
}

/** Of each model, with the limits that hold for every model. */
function modelLimitsView({ provider, models }: PoolDeclaration): PoolView['modelLimits'] {
  const limits = [...models.image, ...models.text].map((model) => {
    const { references, referenceBytes, totalReferenceBytes, aspectRatios, imageSizes, lacks } = limitsOf(
      provider,
      model,
    );
    const view: PoolView['modelLimits'][string] = {
      references: Math.min(maxReferences, references),
      referenceBytes: Math.min(maxReferenceBytes, referenceBytes),
      totalReferenceBytes,
      aspectRatios: aspectRatios === undefined ? null : [...aspectRatios],
      imageSizes: imageSizes === undefined ? null : [...imageSizes],
      lacks: [...(lacks ?? [])],
    };
    return [model, view] as const;
  });
  return Object.fromEntries(limits);
}

function providerOptionsOf({ provider, providerOptions }: PoolDeclaration): string[] | null {
  const allowed = allowedOptions(provider, providerOptions);
  return allowed === undefined ? null : [...allowed];
}

function keyView(key: KeyState): PoolView['keys'][number] {
  const { fingerprint, state, until, cause, inFlight, requestsPerMinute, callsLastMinute, models } = key;
  const message = ownWords(key.message);
  const blocked = models.map((model) => ({ ...model, until: isoTime(model.until) }));
  return {
    fingerprint,
    state,
    until: isoTimeOrNull(until),
    cause,
    inFlight,
    requestsPerMinute,
    callsLastMinute,
    message,
    models: blocked,
  };
}

function outageView({ model, state, since, until, provider, message, failures }: Outage): PoolView['outages'][number] {
  const times = { since: isoTime(since), until: isoTime(until) };
  return { model, state, ...times, status: provider?.status ?? null, message: ownWords(message), failures };
}

/** Only an administrator sees what other tenants spend and queue. */
function isShown(
  { tenant: owner }: Pick<Spending, 'tenant'>,
  { tenant, scopes, hasExplicitTenant }: Principal,
): boolean {
  if (owner === null || tenant === everyTenant || owner === tenant) return true;
  return scopes.includes('admin') && hasExplicitTenant !== true;
}

const mostTenants = 20;

function tenantsView({ follower }: ApiContext, { name, shares = {} }: PoolDeclaration, principal: Principal) {
  const all = [...follower.index.queues.tenants(name)].filter(([tenant]) => isShown({ tenant }, principal));
  const first = all.toSorted(([, a], [, b]) => b.queued + b.running - a.queued - a.running).slice(0, mostTenants);
  const tenants = first.map(([tenant, { queued, running }]): PoolView['tenants'][number] => {
    const limit = tenantLimit(shares.limits ?? {}, tenant);
    return { tenant, queued, running, limit: limit === Infinity ? null : limit, weight: weightOf(shares, tenant) };
  });
  return { tenants, groupLimit: shares.limits?.group ?? null };
}

function spendingView({ tenant, day, month, limits, dayEndsAt, monthEndsAt }: Spending): PoolView['spending'][number] {
  const ends = { dayEndsAt: isoTime(dayEndsAt), monthEndsAt: isoTime(monthEndsAt) };
  return { tenant, day, month, limits: { ...limits }, ...ends };
}

// Whether a pool admits a call of a model: the decision over its keys, the health of the provider's model, and the budgets. Pure.

import { plainBlock, type Block } from '../../../job/block.ts';
import type { Instant } from '../../../job/task.ts';
import type { Outage } from '../../../ports/keyRing.ts';
import { openBreaker, probeAt, type HealthRecord } from './health.ts';
import type { KeyRecord } from './record.ts';
import { obstacleOf, roomFor, type Obstacle } from './setbacks.ts';
import { budgetBlock, type PoolSpending, type TenantSpending } from './spending.ts';

/** What a process knows about a pool. */
export interface PoolView {
  /** Undefined: the pool's provider needs no keys. */
  readonly keys: readonly KeyRecord[] | undefined;
  readonly health: (model: string) => HealthRecord;
  readonly spending: PoolSpending | undefined;
  readonly tenant: (name: string) => TenantSpending | undefined;
}

/**
 * Why the pool admits no call of this model by this tenant now. The first of: no key has a quota of the model; a budget is
 * spent; the model is out, even if a probe is due; no key admits the call. An outage that is not confirmed comes last if no key
 * can probe it. For keys with different reasons, the reason of the key that becomes usable first.
 */
export function blockOf(view: PoolView, model: string, tenant: string, now: Instant): Block | undefined {
  const keys = view.keys === undefined ? undefined : keysBlock(view.keys, model, now);
  if (keys?.permanent === true) return keys;
  const outage = outageBlock(view.health(model), now);
  return budgetBlock(view.spending, view.tenant(tenant), now) ?? laterOf(outage, keys);
}

/** An outage ends with a probe, and the probe needs a key: without one, the outage cannot be confirmed either. */
function laterOf(outage: Block | undefined, keys: Block | undefined): Block | undefined {
  if (outage === undefined || keys === undefined) return outage ?? keys;
  if (keys.until !== null && keys.until <= outage.until!) return outage;
  return outage.confirmed || isShort(keys) ? { ...outage, until: keys.until } : keys;
}

/** It ends by itself in a moment. */
export const isShort = ({ reason }: Block): boolean => reason === 'RateLimit' || reason === 'KeysCooling';

/** Roughly how many calls of these models would be admitted now, and when to look again if none. */
export function roomOf(view: PoolView, models: readonly string[], now: Instant): { room: number; at: Instant } {
  const budget = budgetBlock(view.spending, undefined, now);
  if (budget !== undefined) return { room: 0, at: budget.until! };
  const each = models.map((model) => roomOfModel(view, model, now));
  return { room: Math.max(0, ...each.map(({ room }) => room)), at: Math.min(...each.map(({ at }) => at)) };
}

/** The models of the pool whose breaker is open. */
export function outageOf(record: HealthRecord, now: Instant): Outage | undefined {
  const open = openBreaker(record, now);
  if (open === null) return undefined;
  const { since, provider, message, failures } = open;
  const isProbing = open.probe !== null && open.probe.until > now;
  const until = probeAt(open, undefined, now);
  return { model: record.model, state: isProbing ? 'probing' : 'open', since, until, provider, message, failures };
}

function roomOfModel(view: PoolView, model: string, now: Instant): { room: number; at: Instant } {
  const { keys } = view;
  const free = keys === undefined ? Infinity : keys.reduce((sum, key) => sum + roomFor(key, model, now), 0);
  const freeAt = free > 0 ? now : Math.min(...keys!.map((key) => obstacleOf(key, model, now)?.at ?? now));
  const open = openBreaker(view.health(model), now);
  if (open === null) return { room: free, at: freeAt };
  const at = Math.max(freeAt, probeAt(open, undefined, now));
  return { room: at <= now ? 1 : 0, at };
}

/** One bad moment is an outage for its next calls, but only a failed probe confirms it. */
function outageBlock(record: HealthRecord, now: Instant): Block | undefined {
  const open = openBreaker(record, now);
  if (open === null) return undefined;
  const { code, since, provider, message } = open;
  const until = probeAt(open, undefined, now);
  const rest = { permanent: false, confirmed: open.probes > 0 };
  return { reason: 'ProviderOutage', code, until, since, provider, message, ...rest };
}

function keysBlock(keys: readonly KeyRecord[], model: string, now: Instant): Block | undefined {
  const obstacles: Obstacle[] = [];
  for (const key of keys) {
    const obstacle = obstacleOf(key, model, now);
    if (obstacle === undefined) return undefined;
    obstacles.push(obstacle);
  }
  const first = obstacles.toSorted((a, b) => a.at - b.at)[0];
  if (first === undefined) return plainBlock('NoKeys', null);
  const permanent =
    obstacles.every(({ missing }) => missing !== null) && obstacles.some(({ missing }) => missing === 'model');
  const shown = permanent ? obstacles.find(({ missing }) => missing === 'model')! : first;
  const { reason, code, at, since, provider, message } = shown;
  return { reason, code, until: at, since, provider, message, permanent, confirmed: true };
}

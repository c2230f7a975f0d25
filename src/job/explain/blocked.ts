// Why a pool admits no call of the task's model: outages, keys, quotas and budgets, as one finding.

import { ownWords, type Block } from '../block.ts';
import type { Target } from '../policy.ts';
import type { Instant } from '../task.ts';
import { nameSecret, replaceInSecret } from '../poolResource.ts';
import { settingOf, titleOf } from '../providers.ts';
import { clockTime } from './format.ts';
import type { Cause, Finding, ObservedKey, ObservedPool } from './observation.ts';

export function blocked(block: Block, target: Target, pool: ObservedPool, now: Instant): Finding {
  const until = block.until !== null && block.until > now && block.until < Infinity ? block.until : null;
  const summary = `${what(block, target, pool)}${words(block)}${when(block, until)}`;
  const { cause, advice } = situations[block.reason];
  return {
    cause,
    summary,
    advice: block.permanent ? noQuota : advice(pool),
    waitingFor: { reason: block.reason, until, detail: summary },
  };
}

function what(
  { reason, provider, since, permanent, message }: Block,
  { pool, model }: Target,
  seen: ObservedPool,
): string {
  const name = titleOf(seen.provider);
  const from = since === null ? '' : ` since ${clockTime(since)}`;
  switch (reason) {
    case 'ProviderOutage':
      return provider?.status === undefined
        ? `${name} cannot be reached for ${model}${from}`
        : `${name} answers ${provider.status} for ${model}${from}`;
    case 'KeysRefused':
      return `${name} refuses every key of pool ${pool}${fingerprints(seen.keys, 'refused')}${from}`;
    case 'KeysCooling':
      return `${name} has rate-limited ${model} for every key of pool ${pool}`;
    case 'RateLimit':
      return `Every key of pool ${pool} is at its request limit`;
    case 'NoKeys':
      return `Pool ${pool} has no API key, so its workers claim no tasks`;
    case 'QuotaExhausted':
      return permanent
        ? `No key of pool ${pool} has a quota of ${model}`
        : `Every key of pool ${pool} has used up its quota of ${model}`;
    case 'BudgetExhausted':
      return message === '' ? `The budget of pool ${pool} or of the tenant is spent` : message;
    case 'TenantLimit':
      return message === '' ? `The tenant runs as many tasks as pool ${pool} allows` : message;
    default:
      return reason satisfies never;
  }
}

/** The keys in this state with their causes: `: k1 (KeyRefused), k2 (KeyRefused)`. */
function fingerprints(keys: readonly ObservedKey[] | null, state: ObservedKey['state']): string {
  const named = (keys ?? []).filter((key) => key.state === state);
  if (named.length === 0) return '';
  return `: ${named.map(({ fingerprint, cause }) => `${fingerprint}${cause === null ? '' : ` (${cause})`}`).join(', ')}`;
}

function words({ reason, message }: Block): string {
  const own = ownWords(message).replace(/\.$/, '');
  return own === '' || reason === 'BudgetExhausted' || reason === 'TenantLimit' ? '' : `: ${own}`;
}

function when({ reason, permanent }: Block, until: Instant | null): string {
  if (permanent) return '';
  if (reason === 'ProviderOutage')
    return until === null ? '; the next probe is due' : `; next probe ${clockTime(until)}`;
  if (until === null) return '';
  if (reason === 'BudgetExhausted') return ` until ${clockTime(until)}`;
  return reason === 'KeysRefused' ? `; next check ${clockTime(until)}` : `; next call ${clockTime(until)}`;
}

export const noQuota =
  "Enable billing for the key's project, top up its credit, or use a key of another project. Then run `genwarden retry`.";

const replaceKeys =
  'Replace the keys: workers read changed key files while they run, and keys from the environment at their start.';

/** Where a setting of the pool is changed: what its WorkerPool sets, the operator sets again. */
const setting = (field: string, { name, resource }: ObservedPool): string =>
  resource === undefined ? `the ${field} of pool ${name}` : `spec.${field} of WorkerPool ${name}`;

const fails = 'The task waits until its queue timeout or its deadline.';

const situations: Record<Block['reason'], { readonly cause: Cause; readonly advice: (pool: ObservedPool) => string }> =
  {
    ProviderOutage: {
      cause: 'ProviderOutage',
      advice: () =>
        `No action needed: workers probe the provider, and the task starts once it answers. Check the provider's status page. ${fails}`,
    },
    KeysRefused: {
      cause: 'KeysRefused',
      advice: ({ name, resource }) => `${resource === undefined ? replaceKeys : replaceInSecret(name)} ${fails}`,
    },
    KeysCooling: {
      cause: 'KeysCooling',
      advice: () => 'No action needed. If this persists, add keys or reduce the load.',
    },
    RateLimit: {
      cause: 'KeysBusy',
      advice: () => 'Add keys, or raise their requests per minute if the provider allows it.',
    },
    NoKeys: {
      cause: 'NoKeys',
      advice: ({ name, provider, resource }) =>
        resource === undefined
          ? `Set ${settingOf(provider, 'API_KEYS')} (or keys in GENWARDEN_POOLS_FILE) for the workers of ${name}.`
          : nameSecret(name),
    },
    QuotaExhausted: {
      cause: 'QuotaExhausted',
      advice: () => `Raise the quota at the provider, or add a key of another project. ${fails}`,
    },
    BudgetExhausted: {
      cause: 'BudgetExhausted',
      advice: (pool) => `Raise ${setting('budgets', pool)}, or wait: the next day or month has a new budget. ${fails}`,
    },
    TenantLimit: {
      cause: 'TenantLimit',
      advice: (pool) =>
        `No action needed: it starts when another of these tasks ends. To run more at once, raise ${setting('limits', pool)}. ${fails}`,
    },
  };

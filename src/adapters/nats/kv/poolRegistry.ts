// The pools that starting workers, settings or the operator have declared: a bucket in NATS, mirrored in every process.

import { z } from 'zod';
import { GenwardenError } from '../../../job/errors/index.ts';
import { poolNameForm } from '../../../job/ids.ts';
import type { JsonObject } from '../../../job/jsonValue.ts';
import { fallbackCauses, reviewModes } from '../../../job/policy.ts';
import type { PoolDeclaration, PoolRegistry } from '../../../ports/poolRegistry.ts';
import { retryAtStart } from '../jetstream/retry.ts';
import type { NatsLink } from '../link/connection.ts';
import { openBucket } from './bucket.ts';
import { mirrorBucket, type BucketEntry } from './mirror.ts';

/** Resolves once every pool is known; stays current until the link closes. */
export async function natsPoolRegistry(link: NatsLink): Promise<PoolRegistry> {
  const kv = await openBucket(link, 'pools');
  const mirror = await mirrorBucket(link, kv, `${link.prefix}_pools`);
  const read = reader(link);
  const find = (name: string): PoolDeclaration | undefined => read(mirror.entries.get(name));
  return {
    find,
    list: () => [...mirror.entries.keys()].toSorted().flatMap((name) => find(name) ?? []),
    declare: async (pool) => {
      if (!poolNameForm.test(pool.name))
        throw new GenwardenError('InvalidConfiguration', `Not a valid pool name: ${pool.name}`);
      const text = JSON.stringify(pool);
      const known = mirror.entries.get(pool.name);
      if (known !== undefined && new TextDecoder().decode(known.value) === text) return;
      mirror.apply({ key: pool.name, value: new TextEncoder().encode(text), revision: await write(pool.name, text) });
    },
    remove: async (name) => {
      // Not skipped for a pool that the mirror does not have: its declaration may be on its way.
      await retryAtStart(link, `The pool ${name} could not be removed`, () => kv.delete(name));
      mirror.forget(name);
    },
    onChange: (listener, signal) => {
      if (signal.aborted) return;
      const notify = (name: string): void => {
        const pool = find(name);
        if (pool !== undefined) listener(pool);
      };
      [...mirror.entries.keys()].forEach(notify);
      signal.addEventListener('abort', mirror.onChange(notify), { once: true });
    },
  };

  function write(name: string, text: string): Promise<number> {
    return retryAtStart(link, `The pool ${name} could not be declared`, () => kv.put(name, text));
  }
}

const duration = z.number().min(0).exactOptional();
const models = z.array(z.string());
const waitOrFail = z.enum(['wait', 'fail']);
const most = z.int().min(1);
const limits = z.object({
  tenant: most.exactOptional(),
  group: most.exactOptional(),
  tenants: z.record(z.string(), most).exactOptional(),
});

/** Unknown fields, which a newer version may have added, are dropped. */
const declaration: z.ZodType<PoolDeclaration> = z.object({
  name: z.string().regex(poolNameForm),
  provider: z.string(),
  models: z.object({ image: models, text: models }),
  policy: z.object({
    attemptTimeout: duration,
    runTimeout: duration,
    queueTimeout: duration,
    reviewTimeout: duration,
    maxAttempts: z.int().min(1).exactOptional(),
    maxLostAttempts: z.int().min(1).exactOptional(),
    review: z.enum(reviewModes).exactOptional(),
    check: z
      .object({
        model: z.string().exactOptional(),
        prompt: z.string(),
        schema: z.custom<JsonObject>((value) => typeof value === 'object' && value !== null).exactOptional(),
      })
      .exactOptional(),
    backoff: z.object({ first: duration, cap: duration }).exactOptional(),
    onOutage: waitOrFail.exactOptional(),
    onBudget: waitOrFail.exactOptional(),
    fallback: z
      .array(z.object({ pool: z.string().exactOptional(), model: z.string().exactOptional() }))
      .exactOptional(),
    fallbackOn: z.array(z.enum(fallbackCauses)).exactOptional(),
  }),
  providerOptions: z.array(z.string()).exactOptional(),
  tenants: z.array(z.string()).exactOptional(),
  shares: z
    .object({ limits: limits.exactOptional(), weights: z.record(z.string(), z.number().gt(0)).exactOptional() })
    .exactOptional(),
  parts: z.int().min(0).exactOptional(),
  owner: z.string().exactOptional(),
  resource: z.object({ namespace: z.string(), paused: z.boolean() }).exactOptional(),
});

/** Parses each entry once: every submit and explanation asks for its pool. */
function reader(link: NatsLink): (entry: BucketEntry | undefined) => PoolDeclaration | undefined {
  const known = new WeakMap<BucketEntry, { readonly pool: PoolDeclaration | undefined }>();
  return (entry) => {
    if (entry === undefined) return undefined;
    const parsed = known.get(entry) ?? { pool: parse(link, entry) };
    known.set(entry, parsed);
    return parsed.pool;
  };
}

function parse(link: NatsLink, entry: BucketEntry): PoolDeclaration | undefined {
  try {
    return declaration.parse(JSON.parse(new TextDecoder().decode(entry.value)));
  } catch (error) {
    link.log.debug({ pool: entry.key, err: error }, "Ignoring a pool's declaration that cannot be read");
    return undefined;
  }
}

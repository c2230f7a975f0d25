// Pools as declared by starting workers, settings or the operator: a bucket in NATS, mirrored in every process.

import { z } from 'zod';
import { GenwardenError } from '../../../job/errors/index.ts';
import { poolNameForm } from '../../../job/ids.ts';
import type { PoolDeclaration, PoolRegistry } from '../../../ports/poolRegistry.ts';
import { openBucket } from './bucket.ts';
import { mirrorBucket, type Mirrored } from './bucketMirror.ts';
import type { NatsLink } from '../link/connection.ts';
import { untilAnswered } from '../jetstream/untilAnswered.ts';

/** Resolves with every pool known; kept current until the link closes. */
export async function natsPoolRegistry(link: NatsLink): Promise<PoolRegistry> {
  const kv = await openBucket(link, 'pools');
  const mirror = await mirrorBucket(link, kv, `${link.prefix}_pools`);
  const find = (name: string): PoolDeclaration | undefined => parse(link, mirror.entries.get(name));
  return {
    find,
    list: () => [...mirror.entries.keys()].toSorted().flatMap((name) => find(name) ?? []),
    declare: async (pool) => {
      if (!poolNameForm.test(pool.name)) throw new GenwardenError('InvalidConfiguration', `No pool name: ${pool.name}`);
      const text = JSON.stringify(pool);
      const known = mirror.entries.get(pool.name);
      if (known !== undefined && new TextDecoder().decode(known.value) === text) return;
      mirror.apply({ key: pool.name, value: new TextEncoder().encode(text), revision: await write(pool.name, text) });
    },
    remove: async (name) => {
      // Asked of the leader, whatever the mirror says: a declaration may be on its way.
      await untilAnswered(link, `The pool ${name} could not be removed`, () => kv.delete(name));
      mirror.forget(name);
    },
    onChange: (listener, signal) => {
      if (signal.aborted) return;
      const tell = (name: string): void => {
        const pool = find(name);
        if (pool !== undefined) listener(pool);
      };
      [...mirror.entries.keys()].forEach(tell);
      signal.addEventListener('abort', mirror.onChange(tell), { once: true });
    },
  };

  function write(name: string, text: string): Promise<number> {
    return untilAnswered(link, `The pool ${name} could not be declared`, () => kv.put(name, text));
  }
}

const duration = z.number().min(0).exactOptional();
const models = z.array(z.string());

/** A newer version may say more than this one knows: unknown fields are dropped. */
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
    review: z.enum(['never', 'always']).exactOptional(),
    backoff: z.object({ first: duration, cap: duration }).exactOptional(),
  }),
  tenants: z.array(z.string()).exactOptional(),
  owner: z.string().exactOptional(),
});

function parse(link: NatsLink, entry: Mirrored | undefined): PoolDeclaration | undefined {
  if (entry === undefined) return undefined;
  try {
    return declaration.parse(JSON.parse(new TextDecoder().decode(entry.value)));
  } catch (error) {
    link.log.debug({ pool: entry.key, err: error }, "A pool's declaration cannot be read");
    return undefined;
  }
}

// The route of the peers: Fastify and zod, with the schema that a client of such an API would write.

import fastify, { type FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { TaskData } from './payload.ts';

const submit = z.strictObject({
  kind: z.enum(['text', 'image']),
  pool: z.string().max(63).default('default'),
  priority: z.enum(['high', 'normal', 'low']).default('normal'),
  input: z.strictObject({ prompt: z.string().min(1).max(32_768) }),
  labels: z.record(z.string().max(63), z.string().max(63)).default({}),
  metadata: z.record(z.string(), z.unknown()).default({}),
});

/** `POST /v1/jobs` answers 202 once `add` has stored the job. Prints its address when it listens. */
export async function serveRoute(add: (id: string, job: TaskData) => Promise<unknown>): Promise<void> {
  const app = fastify({ logger: false });
  app.post('/v1/jobs', async (request, reply) => {
    const parsed = submit.safeParse(request.body);
    if (!parsed.success) return reply.code(400).send({ error: z.prettifyError(parsed.error) });
    const id = crypto.randomUUID();
    await add(id, parsed.data);
    return reply.code(202).send({ id, state: 'queued', ...parsed.data });
  });
  await listen(app);
}

async function listen(app: FastifyInstance): Promise<void> {
  console.log(`API on ${await app.listen({ host: '127.0.0.1', port: 0 })}`);
  process.once('SIGTERM', () => void app.close().then(() => process.exit(0)));
}

// BullMQ on its own Redis.

import { Queue } from 'bullmq';
import { queueName } from './bullmqQueue.ts';
import { apiOf, childOf, durabilities, type Contender, type Durability } from './contender.ts';
import { startRedis } from './redis.ts';

export async function openBullmq(durability: Durability): Promise<Contender> {
  const redis = await startRedis(durabilities[durability].redis);
  const port = String(redis.port);
  return {
    startChild: () => childOf('bullmqChild.ts', port),
    startApi: () => apiOf('bullmqApi.ts', port),
    verify: async (count, state) => {
      const counts = await countsOf(redis.port);
      const found = state === 'queued' ? counts['waiting'] : counts['completed'];
      const all = Object.values(counts).reduce((sum, each) => sum + each, 0);
      if (found === count && all === count) return;
      throw new Error(`BullMQ: not ${count} tasks ${state}, but ${JSON.stringify(counts)}`);
    },
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
  };
}

async function countsOf(port: number): Promise<Record<string, number>> {
  const queue = new Queue(queueName, { connection: { host: '127.0.0.1', port } });
  try {
    return await queue.getJobCounts();
  } finally {
    await queue.close();
  }
}

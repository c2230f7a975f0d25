// A client and worker of BullMQ with its default settings: `bullmqChild.ts PORT`.

import { Queue, Worker, type Job } from 'bullmq';
import { queueName } from './bullmqQueue.ts';
import { dataOf, type TaskData } from './payload.ts';
import { serve } from './role.ts';

const connection = { host: '127.0.0.1', port: Number(process.argv[2]) };
const queue = new Queue<TaskData>(queueName, { connection });
await queue.waitUntilReady();

serve({
  add: (id) => queue.add('generation', dataOf(id), { jobId: `task-${id}` }),
  work: async (slots, seen) => {
    const run = async ({ data }: Job<TaskData>): Promise<string> => {
      seen.started(data.input.prompt);
      return 'done';
    };
    const worker = new Worker<TaskData>(queueName, run, { connection, concurrency: slots });
    worker.on('completed', ({ id }) => seen.ended(id!));
    worker.on('error', (error) => console.error(error));
    await worker.waitUntilReady();
    return { [Symbol.asyncDispose]: () => worker.close() };
  },
});

// The API that people write in front of BullMQ: `bullmqApi.ts PORT`.

import { Queue } from 'bullmq';
import { queueName } from './bullmqQueue.ts';
import type { TaskData } from './payload.ts';
import { serveRoute } from './route.ts';

const queue = new Queue<TaskData>(queueName, { connection: { host: '127.0.0.1', port: Number(process.argv[2]) } });
await queue.waitUntilReady();
await serveRoute((id, job) => queue.add('generation', job, { jobId: id }));

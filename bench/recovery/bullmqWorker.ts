// A BullMQ worker with its defaults, as a separate process: node bullmqWorker.ts SOCKET QUEUE SLOTS. Its jobs are as
// slow as a generation that never ends, so that each is in mid-task when the process is killed.

import { Worker } from 'bullmq';

const [socket, queue, slots] = process.argv.slice(2);

const run = (): Promise<never> => new Promise(() => setInterval(() => undefined, 60_000));
const worker = new Worker(queue!, run, { connection: { path: socket! }, concurrency: Number(slots) });
worker.on('active', ({ id }) => console.log(`active ${id}`));
worker.on('error', (error) => console.error(error));
await worker.waitUntilReady();
console.log('ready');

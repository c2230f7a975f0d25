// A BullMQ worker with default settings as a separate process: node bullmqWorker.ts SOCKET QUEUE SLOTS. Its jobs never end, so
// that each is running when the process is killed.

import { Worker } from 'bullmq';

const [socket, queue, slots] = process.argv.slice(2);

const run = (): Promise<never> => new Promise(() => setInterval(() => undefined, 60_000));
const worker = new Worker(queue!, run, { connection: { path: socket! }, concurrency: Number(slots) });
worker.on('active', ({ id }) => console.log(`active ${id}`));
worker.on('error', (error) => console.error(error));
await worker.waitUntilReady();
console.log('ready');

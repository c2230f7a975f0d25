// The queue that clients, API and workers of BullMQ share.

export const queueName = 'bench';

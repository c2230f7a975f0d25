// Pools, keys and workers as the API shows them, for tests of the pages for operators.

import type { KeyState, Pool, Worker } from '../../../src/client/index.ts';

export function aPool(over: Partial<Pool> = {}): Pool {
  return {
    name: 'photos',
    provider: 'gemini',
    models: { image: ['m'], text: [] },
    providerOptions: null,
    modelLimits: {},
    standIn: false,
    depth: { again: 0, high: 0, normal: 0, low: 0, guest: 0 },
    unacknowledged: 0,
    queued: 0,
    running: 0,
    waiting: 0,
    needsReview: 0,
    oldestQueuedAt: null,
    paused: false,
    pausedUntil: null,
    pausedBy: null,
    managed: null,
    workers: 1,
    keys: [aKey('ready')],
    outages: [],
    spending: [],
    tenants: [],
    groupLimit: null,
    ...over,
  };
}

export function aKey(state: KeyState, until: string | null = null): Pool['keys'][number] {
  return {
    fingerprint: '0123456789abcdef',
    state,
    until,
    cause: null,
    inFlight: 0,
    requestsPerMinute: 10,
    callsLastMinute: 0,
    message: '',
    models: [],
  };
}

export function aWorker(over: Partial<Worker> = {}): Worker {
  return {
    name: 'worker-1',
    pool: 'photos',
    host: 'host',
    pid: 1,
    version: '1.0.0',
    startedAt: '2026-11-29T01:00:00.000Z',
    lastBeat: '2026-11-29T02:00:00.000Z',
    state: 'live',
    draining: false,
    slots: { total: 4, busy: 0, leaked: 0 },
    tasks: [],
    eventLoopLag: 1,
    memory: 1_000,
    attemptMemory: null,
    ...over,
  };
}

// What a seed decides before the run starts: the processes, the faults, the network, and the load. Each seed allows only some
// kinds of faults, so that common faults do not mask rare combinations.

import type { Random } from './time/random.ts';
import { soundNetwork, type NetworkFaults } from './network.ts';

export const faultNames = [
  'crashWorker',
  'crashController',
  'crashApi',
  'freezeWorker',
  'freezeController',
  'freezeApi',
  'cutWorker',
  'cutController',
  'cutApi',
  'stopNats',
  'stopJetStream',
  'falseLoss',
  'kick',
  'depose',
  'drainWorker',
  'rollAll',
  'forgetConsumers',
  'clockError',
  'wallClock',
  'storm',
  'pausePool',
] as const;
export type FaultName = (typeof faultNames)[number];

export const behaviours = [
  'prompt',
  'slow',
  'hang',
  'ignoreAbort',
  'settleLate',
  'unavailable',
  'rateLimited',
  'quota',
  'refusedKey',
  'refusedPrompt',
  'badRequest',
  'badOutput',
  'thrown',
] as const;
export type Behaviour = (typeof behaviours)[number];

export interface Plan {
  readonly seed: number;
  /** `natsAway`: NATS is away now and then and nothing else fails, so nothing may be paid for twice. */
  readonly kind: 'faults' | 'natsAway';
  readonly workers: number;
  readonly slots: number;
  readonly controllers: number;
  readonly apis: number;
  readonly jobs: number;
  readonly tasksPerJob: number;
  /** Jobs are submitted and faults happen until then, ms of the run. */
  readonly faultsUntil: number;
  /** ms between two faults of a kind, on average. */
  readonly faults: ReadonlyMap<FaultName, number>;
  readonly network: NetworkFaults;
  readonly behaviours: Readonly<Partial<Record<Behaviour, number>>>;
  /** API keys of the pool. */
  readonly keys: number;
  /** Whether controllers receive the system account's disconnect events. */
  readonly system: boolean;
  /** ms that a leader keeps leading after its lease has expired. */
  readonly leaseOverrun: number;
  /** ms between two changes that clients make besides submitting. */
  readonly changeEvery: number;
  /** Followers start at least so many messages before the end of the stream. */
  readonly window: number;
}

export function planOf(seed: number, random: Random, asked?: Plan['kind']): Plan {
  const drawn = random.chance(0.12) ? 'natsAway' : 'faults';
  const kind = asked ?? drawn;
  const faultsUntil = random.whole(30, 120) * 1_000;
  return {
    seed,
    kind,
    workers: random.whole(1, 3),
    slots: random.whole(1, 4),
    controllers: random.chance(0.8) ? 2 : 1,
    apis: random.chance(0.5) ? 2 : 1,
    jobs: random.whole(3, 10),
    tasksPerJob: random.whole(1, 5),
    faultsUntil,
    faults: kind === 'natsAway' ? awayFaults(random) : someFaults(random),
    network:
      kind === 'natsAway'
        ? { ...soundNetwork, reconnects: random.pick([50, 4_000, 4_000]) }
        : someNetworkFaults(random),
    behaviours: kind === 'natsAway' ? { prompt: 1, slow: 1 } : someBehaviours(random),
    keys: random.pick([0, 1, 3]),
    system: kind === 'natsAway' || random.chance(0.7),
    leaseOverrun: kind === 'faults' && random.chance(0.3) ? random.whole(1_000, 20_000) : 0,
    window: random.pick([3, 20, 100_000]),
    changeEvery: kind === 'natsAway' ? Infinity : random.pick([3_000, 10_000, 30_000, Infinity]),
  };
}

function awayFaults(random: Random): Map<FaultName, number> {
  const both: FaultName[] = ['stopNats', 'stopJetStream'];
  return new Map(both.map((fault) => [fault, random.between(15_000, 60_000)]));
}

function someFaults(random: Random): Map<FaultName, number> {
  const share = random.pick([0.15, 0.3, 0.6]);
  const chosen = faultNames.filter(() => random.chance(share));
  return new Map(chosen.map((fault) => [fault, random.between(6_000, 60_000)]));
}

function someNetworkFaults(random: Random): NetworkFaults {
  if (random.chance(0.25)) return { ...soundNetwork };
  const sometimes = (most: number): number => (random.chance(0.5) ? random.next() * most : 0);
  return {
    latency: random.pick([2, 20, 200]),
    slow: sometimes(0.05),
    slowBy: random.between(500, 6_000),
    lostRequest: sometimes(0.1),
    lostAnswer: sometimes(0.1),
    lostMessage: sometimes(0.15),
    repeatedMessage: sometimes(0.15),
    staleRead: sometimes(0.3),
    reconnects: random.pick([50, 500, 4_000]),
  };
}

function someBehaviours(random: Random): Plan['behaviours'] {
  const chosen = behaviours.filter((behaviour) => behaviour === 'prompt' || random.chance(0.35));
  return Object.fromEntries(
    chosen.map((behaviour) => [behaviour, behaviour === 'prompt' ? 8 : random.between(0.2, 3)]),
  );
}

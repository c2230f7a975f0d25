// What a seed decides before the run starts: the processes, the faults, the network, and the load. Each seed allows only some
// kinds of faults, so that common faults do not mask rare combinations.

import type { Random } from './time/random.ts';
import { soundNetwork, type NetworkFaults } from './network.ts';

/** The most tasks of a job's group that may run. */
export const groupLimit = 2;

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

/** What the nemesis does to the provider. */
export const providerFaultNames = ['outage', 'hang', 'noQuota', 'deadKey', 'allKeysDead', 'lowLimit'] as const;
export type ProviderFault = (typeof providerFaultNames)[number];

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

/** Other tenants that share the pool: a large one submits jobs of many tasks, and small ones submit single tasks. */
export interface Crowd {
  /** The number of tasks of each job of the large tenant. */
  readonly bursts: readonly number[];
  /** How many single tasks each small tenant submits; fewer than its places in the express line. */
  readonly singles: readonly number[];
}

export interface Plan {
  readonly seed: number;
  /**
   * `natsAway`: NATS is away now and then and nothing else fails, so nothing may be paid for twice. `badDay`: the provider fails
   * in every way and little else does.
   */
  readonly kind: 'faults' | 'natsAway' | 'badDay';
  readonly workers: number;
  readonly slots: number;
  readonly controllers: number;
  readonly apis: number;
  readonly jobs: number;
  readonly tasksPerJob: number;
  /** Undefined: no other tenants submit. */
  readonly crowd: Crowd | undefined;
  /** Jobs are submitted and faults happen until then, ms of the run. */
  readonly faultsUntil: number;
  /** ms between two faults of a kind, on average. */
  readonly faults: ReadonlyMap<FaultName, number>;
  readonly providerFaults: ReadonlyMap<ProviderFault, number>;
  readonly network: NetworkFaults;
  readonly behaviours: Readonly<Partial<Record<Behaviour, number>>>;
  /** API keys of the pool. */
  readonly keys: number;
  /** The limit of each key. */
  readonly requestsPerMinute: number;
  /** Workers of the second pool, which only serves fallbacks; 0: there is no such pool. */
  readonly spareWorkers: number;
  /** Whether controllers receive the system account's disconnect events. */
  readonly system: boolean;
  /** ms that a leader keeps leading after its lease has expired. */
  readonly leaseOverrun: number;
  /** ms between two changes that clients make besides submitting. */
  readonly changeEvery: number;
  /** Followers start at least so many messages before the end of the stream. */
  readonly window: number;
}

/** How many tasks a worker can run: in every second run, its memory is enough for fewer than it has slots. */
export const capacityOf = ({ slots, seed }: Plan): number => Math.max(1, slots - (seed % 2));

export function planOf(seed: number, random: Random, asked?: Plan['kind']): Plan {
  const plan = planOfOne(seed, random, asked);
  return { ...plan, crowd: someCrowd(plan.requestsPerMinute, random.fork('crowd')) };
}

/** In a third of the runs, unless the limit of the keys would make the large tenant's tasks wait for it most of the time. */
function someCrowd(requestsPerMinute: number, random: Random): Crowd | undefined {
  if (requestsPerMinute < 60 || !random.chance(1 / 3)) return undefined;
  const many = (least: number, most: number, size: () => number): number[] =>
    Array.from({ length: random.whole(least, most) }, size);
  return { bursts: many(1, 2, () => random.whole(10, 40)), singles: many(1, 4, () => random.whole(1, 3)) };
}

function planOfOne(seed: number, random: Random, asked?: Plan['kind']): Omit<Plan, 'crowd'> {
  const drawn = random.weighted({ natsAway: 12, badDay: 20, faults: 68 });
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
    ...troubles(kind, random),
    ...provisions(kind, random),
    system: kind !== 'faults' || random.chance(0.7),
    leaseOverrun: kind === 'faults' && random.chance(0.3) ? random.whole(1_000, 20_000) : 0,
    window: random.pick([3, 20, 100_000]),
    changeEvery: kind === 'natsAway' ? Infinity : random.pick([3_000, 10_000, 30_000, Infinity]),
  };
}

type Troubles = Pick<Plan, 'faults' | 'providerFaults' | 'network' | 'behaviours'>;

function troubles(kind: Plan['kind'], random: Random): Troubles {
  switch (kind) {
    case 'natsAway': {
      const network = { ...soundNetwork, reconnects: random.pick([50, 4_000, 4_000]) };
      return { faults: awayFaults(random), providerFaults: new Map(), network, behaviours: { prompt: 1, slow: 1 } };
    }
    case 'badDay': {
      const network = { ...soundNetwork, latency: random.pick([2, 20]) };
      const faults = new Map(random.chance(0.3) ? [['crashWorker', random.between(20_000, 60_000)] as const] : []);
      const providerFaults = chosenFaults(providerFaultNames, random.pick([0.3, 0.6]), random);
      return { faults, providerFaults, network, behaviours: { prompt: 3, slow: random.pick([0, 1]) } };
    }
    case 'faults': {
      const share = random.pick([0.15, 0.3, 0.6]);
      const providerFaults = chosenFaults(providerFaultNames, random.pick([0, 0.2, 0.4]), random);
      const faults = chosenFaults(faultNames, share, random);
      return { faults, providerFaults, network: someNetworkFaults(random), behaviours: someBehaviours(random) };
    }
    default:
      return kind satisfies never;
  }
}

/** With a low limit most tasks wait for it. */
function provisions(kind: Plan['kind'], random: Random): Pick<Plan, 'keys' | 'requestsPerMinute' | 'spareWorkers'> {
  const keys = random.pick([1, 1, 3]);
  if (kind === 'natsAway') return { keys, requestsPerMinute: 60, spareWorkers: 0 };
  return { keys, requestsPerMinute: random.pick([60, 60, 60, 12, 4]), spareWorkers: random.pick([0, 0, 1, 2]) };
}

function awayFaults(random: Random): Map<FaultName, number> {
  const both: FaultName[] = ['stopNats', 'stopJetStream'];
  return new Map(both.map((fault) => [fault, random.between(15_000, 60_000)]));
}

function chosenFaults<F extends string>(names: readonly F[], share: number, random: Random): Map<F, number> {
  const chosen = names.filter(() => random.chance(share));
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

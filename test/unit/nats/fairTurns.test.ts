// Tenant parts as a whole: tasks wait where `choosePart` puts them, and workers take turns by the weights of those that wait.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { choosePart, expressPlaces, partCount } from '../../../src/job/parts.ts';
import { PartTurns } from '../../../src/adapters/nats/queue/partTurns.ts';
import { weighted } from '../../../src/adapters/nats/queue/pulledPart.ts';

type Choose = typeof choosePart;

/** One lane of a pool, with workers that take turns each for itself. */
class LaneOfPool {
  /** The tenants of the queued tasks, by part; 0 is the express line. */
  readonly places: string[][] = Array.from({ length: partCount + 1 }, () => []);
  readonly #weightOf: (tenant: string) => number;
  readonly #workers: readonly PartTurns[];
  readonly #choose: Choose;

  constructor(weightOf: (tenant: string) => number, workers = 1, choose: Choose = choosePart) {
    this.#weightOf = weightOf;
    this.#workers = Array.from({ length: workers }, () => new PartTurns());
    this.#choose = choose;
  }

  queued(tenant: string): number {
    return this.places.flat().filter((one) => one === tenant).length;
  }

  submit(tenant: string, count: number, random = 0): void {
    const of = (part: number): readonly string[] => this.places[part]!;
    const load = {
      ofTenant: this.queued(tenant),
      ofFlow: (part: number) => of(part).filter((one) => one === tenant).length,
      ofAll: (part: number) => of(part).length,
      room: Infinity,
    };
    for (const part of this.#choose(load, count, random)) this.places[part ?? 0]!.push(tenant);
  }

  /** The tenant whose task a worker takes; undefined if there is none. */
  take(worker = 0): string | undefined {
    const ready = this.places.flatMap((waiting, part) => {
      const at = part === 0 ? {} : { part };
      return waiting.length === 0 ? [] : [{ lane: 'normal' as const, ...at, tenants: () => new Set(waiting), waiting }];
    });
    const turns = this.#workers[worker % this.#workers.length]!;
    const [next] = turns.allot(weighted(ready, this.#weightOf), 1).keys();
    return next?.of.waiting.shift();
  }
}

test('two tenants that always have queued tasks start them by their weights, to within one round', () => {
  const weight = fc.integer({ min: 1, max: 9 });
  const property = fc.property(weight, weight, fc.integer({ min: 1, max: 150 }), (first, second, window) => {
    const weights = new Map([
      ['first', first],
      ['second', second],
    ]);
    const lane = new LaneOfPool((tenant) => weights.get(tenant)!);
    const refill = (): void => {
      for (const tenant of weights.keys()) lane.submit(tenant, 20 - Math.min(20, lane.queued(tenant)));
    };
    refill();
    while (lane.places[0]!.length > 0) {
      lane.take();
      refill();
    }
    let started = 0;
    for (let turn = 0; turn < window; turn += 1) {
      if (lane.take() === 'first') started += 1;
      refill();
    }
    const round = first + second;
    expect(Math.abs(started - (window * first) / round)).toBeLessThanOrEqual(round);
  });
  fc.assert(property, { numRuns: 300 });
});

interface Arrival {
  readonly tenant: number;
  readonly count: number;
  readonly random: number;
  /** Tasks that workers take before the next arrival. */
  readonly taken: number;
}

const arrivals = fc.array(
  fc.record<Arrival>({
    tenant: fc.integer({ min: 1, max: 11 }),
    count: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 50, max: 200 })),
    random: fc.double({ min: 0, max: 0.999, noNaN: true }),
    taken: fc.integer({ min: 0, max: 12 }),
  }),
  { minLength: 1, maxLength: 16 },
);

/** How many tasks of others start before a single task that is submitted after `before`, and how many may. */
function passedBy(lane: LaneOfPool, before: readonly Arrival[], after: readonly Arrival[], workers: number) {
  let turn = 0;
  const arrive = ({ tenant, count, random }: Arrival): void => lane.submit(`tenant ${tenant}`, count, random);
  for (const arrival of before) {
    arrive(arrival);
    for (let taken = 0; taken < arrival.taken; taken += 1) lane.take((turn += 1));
  }
  const tenants = new Set([...before, ...after].map(({ tenant }) => `tenant ${tenant}`));
  const ahead = [...tenants].reduce((sum, tenant) => sum + Math.min(expressPlaces, lane.queued(tenant)), 0);
  lane.submit('single', 1);
  let [passed, arrived] = [0, 0];
  while (lane.take((turn += 1)) !== 'single') {
    passed += 1;
    if (passed % 10 === 0 && arrived < after.length) arrive(after[arrived++]!);
  }
  // For each turn of the express line one of each tenant's part; each worker may start with one more round, of every tenant
  // in the express line and in the parts.
  const most = ahead + (ahead + 1) * tenants.size + workers * 2 * (2 * tenants.size + 1);
  return { passed, most };
}

const workers = fc.integer({ min: 1, max: 4 });

test('a single task waits for at most four tasks of each other tenant and the turns of the parts', () => {
  const property = fc.property(arrivals, arrivals, workers, (before, after, count) => {
    const { passed, most } = passedBy(new LaneOfPool(() => 1, count), before, after, count);
    expect(passed).toBeLessThanOrEqual(most);
  });
  fc.assert(property, { numRuns: 300 });
});

test('without the parts it would wait for every task before it', () => {
  const inLine: Choose = (_, count) => Array.from({ length: count }, () => undefined);
  const burst = { tenant: 1, count: 200, random: 0, taken: 0 };
  const { passed, most } = passedBy(new LaneOfPool(() => 1, 2, inLine), [burst], [], 2);
  expect(passed).toBe(200);
  expect(passed).toBeGreaterThan(most);
  expect(passedBy(new LaneOfPool(() => 1, 2), [burst], [], 2).passed).toBeLessThanOrEqual(12);
});

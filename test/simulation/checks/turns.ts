// Checks that tenants take turns, by what the queue delivers while a task waits in its priority's lane. It counts turns, not
// time, so a task is checked whatever keys, outages, memory and slow workers do.

import { expressPlaces, placeOf } from '../../../src/job/parts.ts';
import { servingPool } from '../../../src/job/target.ts';
import type { Lane, Queued, Sequence } from '../../../src/job/task.ts';
import type { StoredMessage } from '../../fakes/stream.ts';
import { poolName } from '../installation.ts';
import type { Server } from '../server.ts';

/** A task from its queueing to its first delivery, and what was delivered meanwhile in its lane. */
interface Waiter {
  readonly state: Queued;
  readonly lane: Lane;
  /** Absent in the express line. */
  readonly part: number | undefined;
  /** Tasks of other tenants that may be before it in the express line. */
  readonly ahead: number;
  /** Turns of its own place: the express line or its part. */
  ownTurns: number;
  /** Turns of all other places in its lane. */
  otherTurns: number;
  /** Those that share the other turns. */
  readonly others: Set<string>;
  /** The parts in which its tenant waits: they share the tenant's weight. */
  readonly ownParts: Set<number>;
  /** First deliveries of other tenants' tasks. */
  passed: number;
  /** Repeated deliveries of its own place: each uses a turn. */
  repeated: number;
}

type Violate = (invariant: string, message: string, about?: string) => void;

export const checkTurns = (server: Server, violate: Violate): unknown => new TurnChecks(server, violate);

class TurnChecks {
  readonly #server: Server;
  readonly #violate: Violate;
  readonly #waiters = new Map<Sequence, Waiter>();
  /** By `job/task`: the sequence with which it waits. */
  readonly #waiting = new Map<string, Sequence>();
  /** How many tasks each tenant has queued in a lane so far. */
  readonly #queued = new Map<string, number>();
  /** Those that ever shared the turns of a lane. */
  readonly #sharers = new Map<Lane, Set<string>>();
  #seen: Sequence = 0;

  constructor(server: Server, violate: Violate) {
    this.#server = server;
    this.#violate = violate;
    server.stream.onChange(() => this.#look());
    server.onDelivered.push(({ entry }) => this.#delivered(entry.sequence, entry.state));
    // New consumers deliver every old spec again, in the turns of those that wait.
    server.onForgotten.push(() => this.#waiters.clear());
  }

  #look(): void {
    const { stream } = this.#server;
    for (let next = stream.after(this.#seen); next !== undefined; next = stream.after(this.#seen)) {
      this.#seen = next.sequence;
      this.#take(next);
    }
  }

  #take({ sequence, state }: StoredMessage): void {
    const key = keyOf(state);
    // Whatever moves a task ends its wait.
    this.#waiters.delete(this.#waiting.get(key) ?? 0);
    this.#waiting.delete(key);
    if (state.state !== 'queued' || state.lane !== state.of.priority || servingPool(state) !== poolName) return;
    const waiter = this.#waiterOf(state);
    this.#waiting.set(key, sequence);
    this.#waiters.set(sequence, waiter);
  }

  #waiterOf(state: Queued): Waiter {
    const { lane, part } = placeOf(state);
    const own = sharer(state);
    const others = new Set<string>();
    for (const other of this.#waiters.values()) {
      if (other.lane !== lane || other.part === part) continue;
      other.others.add(own);
      others.add(sharer(other.state));
    }
    this.#sharers.set(lane, (this.#sharers.get(lane) ?? new Set()).add(own));
    const tenant = `${lane} ${state.of.tenant}`;
    this.#queued.set(tenant, (this.#queued.get(tenant) ?? 0) + 1);
    const ahead = this.#ahead(lane, state.of.tenant);
    const ownParts = new Set(part === undefined ? [] : [part]);
    return { state, lane, part, ahead, ownTurns: 0, otherTurns: 0, others, ownParts, passed: 0, repeated: 0 };
  }

  /** Each other tenant has at most its places in the express line. */
  #ahead(lane: Lane, tenant: string): number {
    const byTenant = new Map<string, number>();
    for (const waiter of this.#waiters.values()) {
      const { of } = waiter.state;
      if (waiter.lane === lane && of.tenant !== tenant) byTenant.set(of.tenant, (byTenant.get(of.tenant) ?? 0) + 1);
    }
    return [...byTenant.values()].reduce((sum, count) => sum + Math.min(expressPlaces, count), 0);
  }

  #delivered(sequence: Sequence, state: Queued): void {
    const { lane } = placeOf(state);
    const isFirst = this.#waiters.delete(sequence);
    for (const waiter of this.#waiters.values()) {
      if (waiter.lane !== lane) continue;
      noteTurn(waiter, state, isFirst);
      this.#checkTurns(waiter);
      this.#checkSmall(waiter);
    }
  }

  /**
   * Smooth weighted round robin: while a place has tasks, the others get their weights' share of turns for each turn that it
   * gets, its next one included. No credit is above the sum of the weights or below its negative, so a wait of any length adds
   * at most twice that sum. All weights are 1 here: of a tenant in the express line, and of a tenant over all its parts.
   */
  #mostTurns({ lane, part, others, ownParts }: Waiter, ownTurns: number): number {
    const share = part === undefined ? 1 : ownParts.size;
    return share * ((ownTurns + 1) * others.size + 2 * this.#sharers.get(lane)!.size);
  }

  #checkTurns(waiter: Waiter): void {
    const { state, ownTurns, otherTurns } = waiter;
    // A part whose first tasks have no room for their group misses its turns.
    if (state.of.group !== undefined) return;
    const most = this.#mostTurns(waiter, ownTurns);
    if (otherTurns <= most) return;
    const message = `others had ${otherTurns} turns and its place ${ownTurns}; at most ${most} are fair`;
    this.#violate('TenantsTakeTurns', message, keyOf(state));
  }

  /**
   * A tenant that never queued more than its places in the express line waits for those before it there, at most four of each
   * other tenant, and for the turns of the parts meanwhile.
   */
  #checkSmall(waiter: Waiter): void {
    const { state, lane, ahead, passed, repeated } = waiter;
    if (state.of.group !== undefined || this.#queued.get(`${lane} ${state.of.tenant}`)! > expressPlaces) return;
    const most = ahead + this.#mostTurns({ ...waiter, part: undefined }, ahead + repeated);
    if (passed <= most) return;
    const message = `${passed} tasks of other tenants passed a task of ${state.of.tenant}; at most ${most} are fair`;
    this.#violate('SmallTenantsWaitTheirTurn', message, keyOf(state));
  }
}

/** Notes the turn of another task in the lane of one that waits. */
function noteTurn(waiter: Waiter, state: Queued, isFirst: boolean): void {
  const { part } = placeOf(state);
  const isOwn = waiter.state.of.tenant === state.of.tenant;
  if (isOwn && part !== undefined) waiter.ownParts.add(part);
  if (!isOwn && isFirst) waiter.passed += 1;
  if (waiter.part !== part) {
    waiter.otherTurns += 1;
    waiter.others.add(sharer(state));
    return;
  }
  waiter.ownTurns += 1;
  if (!isFirst) waiter.repeated += 1;
}

/** A tenant shares turns once in the express line, and once with all its parts. */
const sharer = (state: Queued): string =>
  placeOf(state).part === undefined ? `${state.of.tenant} express` : state.of.tenant;
const keyOf = ({ of }: StoredMessage['state']): string => `${of.job}/${of.task}`;

// The pending deliveries in memory: what is due, in which order, and how many may be under way. It holds a few facts of each and
// no payload, so that a day of deliveries to a receiver that is down fits into memory.

import { Schedule } from '../job/schedule.ts';
import type { JobId } from '../job/ids.ts';
import type { Instant, Sequence } from '../job/time.ts';
import type { StoredDelivery } from '../ports/webhookDeliveries.ts';

/** One pending delivery. */
export interface Due {
  readonly id: string;
  readonly job: JobId;
  readonly tenant: string;
  readonly order: number;
  sequence: Sequence;
  nextAt: Instant;
}

export interface OutboxLimits {
  readonly perReceiver: number;
  readonly perTenant: number;
  readonly total: number;
}

/**
 * Tenants do not wait for each other: however slow a receiver is, it holds no more places than its tenant may have, and the
 * total is that of many tenants.
 */
const defaultLimits: OutboxLimits = { perReceiver: 4, perTenant: 8, total: 256 };

/** The deliveries of one job, in order. Only the first one is scheduled or under way. */
interface Line {
  readonly receiver: Receiver;
  readonly items: Due[];
  sending: boolean;
}

/** A host of a tenant. */
interface Receiver {
  readonly key: string;
  readonly tenant: Tenant;
  /** The jobs whose first delivery is due. */
  readonly ready: Set<JobId>;
  lines: number;
  sending: number;
}

interface Tenant {
  readonly name: string;
  pending: number;
  sending: number;
}

export class Outbox {
  readonly #limits: OutboxLimits;
  readonly #lines = new Map<JobId, Line>();
  readonly #receivers = new Map<string, Receiver>();
  readonly #tenants = new Map<string, Tenant>();
  readonly #schedule = new Schedule<Instant>();
  /** Receivers with due deliveries; the one that was served last is the last. */
  readonly #waiting = new Set<Receiver>();
  #size = 0;
  #sending = 0;

  constructor(limits: OutboxLimits = defaultLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#size;
  }

  pendingOf(tenant: string): number {
    return this.#tenants.get(tenant)?.pending ?? 0;
  }

  /** When the next delivery is due that is not due yet. */
  nextAt(): Instant | undefined {
    return this.#schedule.next();
  }

  /** Adds a pending delivery, or its newer record. */
  add({ delivery, sequence }: StoredDelivery): void {
    const { id, job, tenant, order, url } = delivery;
    const line = this.#lines.get(job) ?? this.#newLine(job, tenant, url);
    const known = line.items.find((item) => item.id === id);
    const nextAt = delivery.nextAt ?? 0;
    if (known !== undefined) {
      if (known.sequence < sequence) Object.assign(known, { sequence, nextAt });
    } else {
      const at = line.items.findIndex((item) => item.order > order);
      // The tenant's name is shared: 100,000 deliveries must not hold 100,000 copies.
      const due = { id, job, tenant: line.receiver.tenant.name, order, sequence, nextAt };
      line.items.splice(at < 0 ? line.items.length : at, 0, due);
      line.receiver.tenant.pending += 1;
      this.#size += 1;
    }
    this.#reschedule(job, line);
  }

  /** The next delivery to send, which then is under way; undefined if none is due or all places are taken. */
  take(now: Instant): Due | undefined {
    for (let job = this.#schedule.takeDue(now); job !== undefined; job = this.#schedule.takeDue(now)) {
      const { receiver } = this.#lines.get(job)!;
      receiver.ready.add(job);
      this.#waiting.add(receiver);
    }
    if (this.#sending >= this.#limits.total) return undefined;
    for (const receiver of this.#waiting) {
      if (!this.#hasPlace(receiver)) continue;
      const due = this.#firstOf(receiver, now);
      this.#waiting.delete(receiver);
      if (receiver.ready.size > 0) this.#waiting.add(receiver);
      if (due !== undefined) return due;
    }
    return undefined;
  }

  /** The attempt is over: the delivery has a newer record, or none because it is no longer pending. */
  settle({ id, job }: Due, next: { readonly sequence: Sequence; readonly nextAt: Instant } | undefined): void {
    const line = this.#lines.get(job)!;
    const { receiver } = line;
    line.sending = false;
    receiver.sending -= 1;
    receiver.tenant.sending -= 1;
    this.#sending -= 1;
    const at = line.items.findIndex((item) => item.id === id);
    if (next !== undefined) Object.assign(line.items[at]!, next);
    else {
      line.items.splice(at, 1);
      receiver.tenant.pending -= 1;
      this.#size -= 1;
    }
    if (line.items.length > 0) this.#reschedule(job, line);
    else this.#drop(job, receiver);
  }

  #newLine(job: JobId, tenantName: string, url: string): Line {
    const tenant = this.#tenants.get(tenantName) ?? { name: tenantName, pending: 0, sending: 0 };
    this.#tenants.set(tenantName, tenant);
    const key = `${tenantName} ${new URL(url).host}`;
    const receiver = this.#receivers.get(key) ?? { key, tenant, ready: new Set<JobId>(), lines: 0, sending: 0 };
    this.#receivers.set(key, receiver);
    receiver.lines += 1;
    const line = { receiver, items: [], sending: false };
    this.#lines.set(job, line);
    return line;
  }

  #reschedule(job: JobId, { receiver, items, sending }: Line): void {
    if (!sending && !receiver.ready.has(job)) this.#schedule.set(job, items[0]!.nextAt);
  }

  #hasPlace({ sending, tenant }: Receiver): boolean {
    return sending < this.#limits.perReceiver && tenant.sending < this.#limits.perTenant;
  }

  #firstOf(receiver: Receiver, now: Instant): Due | undefined {
    for (const job of receiver.ready) {
      receiver.ready.delete(job);
      const line = this.#lines.get(job)!;
      const [first] = line.items;
      // An earlier delivery of the job was added meanwhile, or this one was put off.
      if (first!.nextAt > now) {
        this.#schedule.set(job, first!.nextAt);
        continue;
      }
      line.sending = true;
      receiver.sending += 1;
      receiver.tenant.sending += 1;
      this.#sending += 1;
      return first;
    }
    return undefined;
  }

  #drop(job: JobId, receiver: Receiver): void {
    this.#lines.delete(job);
    this.#schedule.delete(job);
    receiver.lines -= 1;
    if (receiver.lines > 0) return;
    this.#receivers.delete(receiver.key);
    this.#waiting.delete(receiver);
    if (receiver.tenant.pending === 0) this.#tenants.delete(receiver.tenant.name);
  }
}

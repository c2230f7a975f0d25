// Which delivery is next: in order per job, and no receiver or tenant holds up another.
import { expect, test } from 'vitest';
import { newDelivery } from '../../../src/job/webhooks/delivery.ts';
import { Outbox, type Due } from '../../../src/webhooks/outbox.ts';

const now = 1_000_000;
const jobOf = (name: string): string => name.padEnd(26, 'x');
const limits = { perReceiver: 2, perTenant: 3, total: 5 };
let sequence = 0;

function pending(name: string, order: number, { tenant = 't', host = 'app.example', nextAt = now } = {}) {
  const job = jobOf(name);
  const event = {
    id: `${job}-${order}-1-succeeded`,
    tenant,
    job,
    pool: 'p',
    task: 0,
    event: 'task.succeeded',
  } as const;
  const more = { url: `https://${host}/hook`, at: now, order, expiresAt: now + 1_000_000, data: {} };
  sequence += 1;
  return { delivery: { ...newDelivery({ ...event, ...more }, now), nextAt }, sequence };
}

/** All that can be taken now, as `job/order`. */
function take(outbox: Outbox, at = now): Due[] {
  const taken: Due[] = [];
  for (let due = outbox.take(at); due !== undefined; due = outbox.take(at)) taken.push(due);
  return taken;
}
const names = (taken: readonly Due[]): string[] => taken.map(({ job, order }) => `${job.replace(/x+$/, '')}/${order}`);

test('one delivery of a job is under way at a time, in the order of the log', () => {
  const outbox = new Outbox(limits);
  for (const order of [3, 1, 2]) outbox.add(pending('a', order));
  const [first] = take(outbox);
  expect(names([first!])).toEqual(['a/1']);
  outbox.settle(first!, { sequence: 99, nextAt: now + 500 });
  expect(take(outbox)).toEqual([]);
  expect(outbox.nextAt()).toBe(now + 500);
  const [again] = take(outbox, now + 500);
  expect(names([again!])).toEqual(['a/1']);
  outbox.settle(again!, undefined);
  expect(names(take(outbox))).toEqual(['a/2']);
  expect(outbox.size).toBe(2);
});

test('a delivery that was given up and is sent again comes before later ones of its job', () => {
  const outbox = new Outbox(limits);
  outbox.add(pending('a', 2, { nextAt: now + 100 }));
  outbox.add(pending('a', 1));
  expect(names(take(outbox))).toEqual(['a/1']);
});

test('a receiver and a tenant have places; others are served beside them, and the longest waiting receiver first', () => {
  const outbox = new Outbox(limits);
  for (const name of ['a', 'b', 'c']) outbox.add(pending(name, 1));
  for (const name of ['d', 'e']) outbox.add(pending(name, 1, { host: 'other.example' }));
  for (const name of ['f', 'g', 'h']) outbox.add(pending(name, 1, { tenant: 'u' }));
  const taken = take(outbox);
  const groups = (some: readonly Due[]): string =>
    ['abc', 'de', 'fgh'].map((group) => names(some).filter((name) => group.includes(name[0]!)).length).join(' ');
  // Two to each receiver, three of the first tenant, five in all.
  expect([groups(taken.slice(0, 3)), groups(taken)]).toEqual(['1 1 1', '2 1 2']);
  outbox.settle(
    taken.find(({ tenant }) => tenant === 'u')!,
    undefined,
  );
  expect(groups(take(outbox))).toBe('0 0 1');
  outbox.settle(
    taken.find(({ job }) => 'abc'.includes(job[0]!))!,
    undefined,
  );
  expect(groups(take(outbox))).toMatch(/^(?:1 0|0 1) 0$/);
});

test('a record that was read twice, or is older, changes nothing; a newer one does', () => {
  const outbox = new Outbox(limits);
  const old = pending('a', 1);
  outbox.add({ ...old, sequence: 50, delivery: { ...old.delivery, nextAt: now + 900 } });
  outbox.add(old);
  expect([outbox.size, take(outbox), outbox.nextAt()]).toEqual([1, [], now + 900]);
  outbox.add({ ...old, sequence: 60 });
  expect(take(outbox)).toHaveLength(1);
});

test('what is done leaves nothing behind', () => {
  const outbox = new Outbox({ perReceiver: 500, perTenant: 500, total: 500 });
  for (let job = 0; job < 300; job += 1)
    outbox.add(pending(`j${job}`, 1, { tenant: `t${job % 7}`, host: `h${job % 11}.example` }));
  expect(outbox.pendingOf('t0')).toBe(43);
  for (const due of take(outbox)) outbox.settle(due, undefined);
  expect([outbox.size, outbox.nextAt(), outbox.pendingOf('t0')]).toEqual([0, undefined, 0]);
});

test('100,000 pending deliveries take less than 100 MB', { timeout: 60_000 }, () => {
  const before = process.memoryUsage().heapUsed;
  const outbox = new Outbox();
  for (let job = 0; job < 100_000; job += 1) outbox.add(pending(`${job}`, job));
  expect(outbox.size).toBe(100_000);
  const bytes = process.memoryUsage().heapUsed - before;
  expect(bytes).toBeLessThan(100_000_000);
  console.log(`${Math.round(bytes / 100_000)} bytes for each of 100,000 pending deliveries, garbage included`);
});

// The contract of the keys that sign links: one for the installation, found by every process, replaced without breaking links.
import { expect, test } from 'vitest';
import { longestLink } from '../../src/job/linkKeys.ts';
import type { LinkKeys } from '../../src/ports/linkKeys.ts';
import { virtualClock, type VirtualClock } from '../fakes/clock.ts';
import { onEachAdapter, type Installation } from './ports.ts';

const day = 86_400_000;

onEachAdapter((open) => {
  const processes = async (installation: Installation, clock: VirtualClock, count: number): Promise<LinkKeys[]> => {
    const all = await Promise.all(Array.from({ length: count }, () => installation.process()));
    return all.map((process) => process.linkKeys(clock));
  };

  test('processes that ask for the first key at the same time get the same one', async () => {
    const clock = virtualClock();
    const all = await processes(open(), clock, 5);
    const keys = await Promise.all(all.map((process) => process.current()));
    expect(new Set(keys.map(({ id }) => id)).size).toBe(1);
    expect(new Set(keys.map(({ secret }) => Buffer.from(secret).toString('hex'))).size).toBe(1);
    expect(keys[0]!.secret).toHaveLength(32);
    expect(keys[0]!.since).toBe(clock.now());
  });

  test('a process that starts later finds the key by its id, and no other', async () => {
    const clock = virtualClock();
    const installation = open();
    const [one] = await processes(installation, clock, 1);
    const key = await one!.current();
    const [later] = await processes(installation, clock, 1);
    expect(await later!.find(key.id)).toEqual(key);
    expect(await later!.find('0123456789ab')).toBeUndefined();
    expect(await later!.current()).toEqual(key);
  });

  test('a process finds a key that another one has just made', async () => {
    const clock = virtualClock();
    const [one, two] = await processes(open(), clock, 2);
    expect(await two!.find('0123456789ab')).toBeUndefined();
    const key = await one!.current();
    clock.skip(1_000);
    expect(await two!.find(key.id)).toEqual(key);
  });

  test('a key is replaced after 30 days, and found until its last link has expired', async () => {
    const clock = virtualClock();
    const [one, two] = await processes(open(), clock, 2);
    const first = await one!.current();
    clock.skip(30 * day - 1);
    expect(await one!.current()).toEqual(first);
    clock.skip(1);
    const second = await two!.current();
    expect(second.id).not.toBe(first.id);
    expect(Buffer.from(second.secret).equals(Buffer.from(first.secret))).toBe(false);
    clock.skip(longestLink);
    expect(await one!.current()).toEqual(second);
    expect(await one!.find(first.id)).toEqual(first);
    clock.skip(30 * day - longestLink);
    const third = await one!.current();
    expect(third.id).not.toBe(second.id);
    expect(await one!.find(second.id)).toEqual(second);
    expect(await one!.find(first.id)).toBeUndefined();
  });
});

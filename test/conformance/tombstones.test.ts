// The contract of tombstones: the last text of a key, for every process, until it is cleared.
import { expect, test } from 'vitest';
import { onEachAdapter } from './ports.ts';

onEachAdapter((open) => {
  test('a process finds what another one put, the last text of each key, and nothing once it is cleared', async () => {
    const installation = open();
    const one = await (await installation.process()).tombstones();
    const two = await (await installation.process()).tombstones();
    expect(await two.find('shop/yard')).toBe(undefined);
    await one.put('shop/yard', '{"jobId":"a"}');
    await one.put('shop/yard', '{"jobId":"ä"}');
    await one.put('shop/walk', 'other');
    expect(await two.find('shop/yard')).toBe('{"jobId":"ä"}');
    await two.clear('shop/yard');
    expect(await one.find('shop/yard')).toBe(undefined);
    expect(await one.find('shop/walk')).toBe('other');
    await one.put('shop/yard', 'again');
    expect(await two.find('shop/yard')).toBe('again');
  });
});

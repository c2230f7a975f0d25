// The contract of every pool registry: declarations reach all processes and persist.
import { expect, test } from 'vitest';
import type { PoolDeclaration } from '../../src/ports/poolRegistry.ts';
import { until } from '../support/until.ts';
import { onEachAdapter } from './ports.ts';

const pool = (name: string, model = 'a-model'): PoolDeclaration => ({
  name,
  provider: 'gemini',
  models: { image: [model], text: [] },
  policy: {
    maxAttempts: 2,
    review: 'onFlag',
    check: { model: 'm', prompt: 'Is it red?', schema: { type: 'object', required: ['flagged'] } },
    backoff: { first: 10 },
    onOutage: 'fail',
    onBudget: 'wait',
    fallback: [{ pool: 'spare' }],
    fallbackOn: ['quota'],
  },
});

onEachAdapter((open) => {
  test('a pool that one process declares is found by all, including later ones', async () => {
    const installation = open();
    const [one, two] = [await (await installation.process()).pools(), await (await installation.process()).pools()];
    expect(one.find('front')).toBeUndefined();
    await one.declare(pool('front'));
    expect(one.find('front')).toEqual(pool('front'));
    await until(() => two.find('front'), { what: 'the declaration to reach the other process' });
    expect(two.list()).toEqual([pool('front')]);
    const late = await (await installation.process()).pools();
    expect(late.list()).toEqual([pool('front')]);
  });

  test('a declaration replaces the previous one, and listeners get both', async () => {
    const installation = open();
    const [one, two] = [await (await installation.process()).pools(), await (await installation.process()).pools()];
    await one.declare(pool('back', 'old'));
    await until(() => two.find('back'), { what: 'the first declaration' });
    const heard: string[] = [];
    const stop = new AbortController();
    two.onChange(({ models }) => heard.push(models.image[0]!), stop.signal);
    expect(heard).toEqual(['old']);
    await one.declare(pool('back', 'new'));
    await until(() => heard.includes('new'), { what: 'the listener to hear of the change' });
    expect(two.find('back')!.models.image).toEqual(['new']);
    stop.abort();
    await one.declare(pool('back', 'newest'));
    await until(() => two.find('back')!.models.image[0] === 'newest', { what: 'the last declaration' });
    expect(heard).toEqual(['old', 'new']);
  });

  test('a removed pool is removed for all, including later processes, and can be declared again', async () => {
    const installation = open();
    const [one, two] = [await (await installation.process()).pools(), await (await installation.process()).pools()];
    const closed = { ...pool('front'), providerOptions: ['topP'], tenants: ['studio'], owner: '3f2a' };
    await one.declare(closed);
    await until(() => two.find('front'), { what: 'the declaration to reach the other process' });
    expect(two.find('front')).toEqual(closed);
    await two.remove('front');
    expect(two.find('front')).toBeUndefined();
    await until(() => one.find('front') === undefined, { what: 'the removal to reach the other process' });
    expect((await (await installation.process()).pools()).list()).toEqual([]);
    await two.remove('front');
    await one.declare(pool('front'));
    expect(one.find('front')).toEqual(pool('front'));
    await until(() => two.find('front'), { what: 'the new declaration' });
  });

  test('lists pools by name', async () => {
    const pools = await (await open().process()).pools();
    for (const name of ['c', 'a', 'b']) await pools.declare(pool(name));
    expect(pools.list().map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });
});

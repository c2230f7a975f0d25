// The contract of the mark of the latest scrape: every process reads the newest one, and a process replaces only the one it has read.
import { expect, test } from 'vitest';
import type { ScrapeMark } from '../../src/ports/scrapeMarks.ts';
import { onEachAdapter } from './ports.ts';

const mark = (sequence: number, by = 'one'): ScrapeMark => ({ epoch: 'e1', sequence, at: 1_000 + sequence, by });

onEachAdapter((open) => {
  const twoProcesses = async () => {
    const installation = open();
    const [one, two] = [await installation.process(), await installation.process()];
    return [one.scrapeMarks(), two.scrapeMarks()] as const;
  };

  test('there is none at first, and every process reads the one that was stored', async () => {
    const [one, two] = await twoProcesses();
    expect(await one.read()).toEqual({ mark: undefined, revision: 0 });
    const revision = await one.replace(mark(7), 0);
    expect(revision).toBeGreaterThan(0);
    expect(await two.read()).toEqual({ mark: mark(7), revision });
    expect(await one.read()).toEqual({ mark: mark(7), revision });
  });

  test('a process replaces only the mark that it has read', async () => {
    const [one, two] = await twoProcesses();
    const first = (await one.replace(mark(7), 0))!;
    const second = (await two.replace(mark(7, 'two'), first))!;
    expect(second).toBeGreaterThan(first);
    expect(await one.replace(mark(9), first)).toBeUndefined();
    expect(await one.replace(mark(9), 0)).toBeUndefined();
    expect(await one.read()).toEqual({ mark: mark(7, 'two'), revision: second });
    expect(await two.replace(mark(10, 'two'), second)).toBeGreaterThan(second);
  });

  test('of two processes that store the first mark at the same time, one succeeds', async () => {
    const [one, two] = await twoProcesses();
    const revisions = await Promise.all([one.replace(mark(1), 0), two.replace(mark(2, 'two'), 0)]);
    expect(revisions.filter((revision) => revision !== undefined)).toHaveLength(1);
  });
});

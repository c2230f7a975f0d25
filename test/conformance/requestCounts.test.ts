// The contract of every exchange of request counts: a report reaches every API process of the installation, the sender included.
import { expect, test } from 'vitest';
import { maxCounts, type RequestReport } from '../../src/ports/requestCounts.ts';
import { until } from '../support/until.ts';
import { onEachAdapter } from './ports.ts';

const report = (process: string, requests = 7): RequestReport => ({
  process,
  counts: [{ principal: 'q9X_hash-of-a-name', requests, perSecond: 200 }],
});

onEachAdapter((open) => {
  test('a report reaches every process unchanged, and a listener that has stopped receives nothing more', async () => {
    const installation = open();
    const [one, two] = [(await installation.process()).counts(), (await installation.process()).counts()];
    const seen: RequestReport[][] = [[], [], []];
    const stop = one.watch((heard) => seen[0]!.push(heard));
    one.watch((heard) => seen[1]!.push(heard));
    two.watch((heard) => seen[2]!.push(heard));
    await until(
      () => {
        // A subscription may still be on its way.
        one.send({ process: 'first', counts: [] });
        return seen.every((all) => all.length > 0);
      },
      { what: 'the first report' },
    );
    stop();
    const stopped = seen[0]!.length;
    for (const next of [report('one'), report('one', 1_000_000), { process: 'one', counts: [] }]) one.send(next);
    two.send(report('two'));
    const later = (all: readonly RequestReport[]) => all.filter(({ process }) => process !== 'first');
    const expected = [report('one'), report('one', 1_000_000), { process: 'one', counts: [] }, report('two')];
    for (const all of seen.slice(1)) {
      await until(() => later(all).length === expected.length, { what: 'all reports' });
      expect(later(all).filter(({ process }) => process === 'one')).toEqual(expected.slice(0, 3));
      expect(later(all)).toContainEqual(expected[3]);
    }
    expect(seen[0]).toHaveLength(stopped);
  });

  test('the largest report fits', async () => {
    const counts = (await open().process()).counts();
    const seen: RequestReport[] = [];
    counts.watch((heard) => seen.push(heard));
    const each = { requests: 1_000_000, perSecond: 100_000 };
    const largest = {
      process: 'p'.repeat(64),
      counts: Array.from({ length: maxCounts }, (_, at) => ({ principal: `${at}`.padStart(16, '0'), ...each })),
    };
    await until(
      () => {
        counts.send(largest);
        return seen[0];
      },
      { what: 'the report' },
    );
    expect(seen[0]).toEqual(largest);
  });
});

// The figures that benchmarks derive from what they measured.
import { describe, expect, test } from 'vitest';
import { parseAnswer } from '../../../bench/http/connection.ts';
import { plan } from '../../../bench/growth/fill.ts';
import { parseCount } from '../../../bench/growth/table.ts';
import { leadsSvg } from '../../../bench/page/picture.ts';
import { replaceSection } from '../../../bench/page/section.ts';
import { longTitleOf, peersTable } from '../../../bench/peers/table.ts';
import { byPart, selfTimes } from '../../../bench/profile/selfTime.ts';
import { leads, spreadOf, type PeersResult, type Series } from '../../../bench/result.ts';

const series = (better: 'higher' | 'lower', values: Series['values']): Series => ({
  name: better === 'higher' ? 'process' : 'latencyP50',
  durability: 'default',
  processes: 2,
  unit: better === 'higher' ? 'tasks/s' : 'ms',
  better,
  values,
});

describe('a comparison', () => {
  test('is made round by round, and above 1 if we are better', () => {
    const throughput = series('higher', { ours: [200, 300], bullmq: [100, 600] });
    const latency = series('lower', { ours: [2, 3], bullmq: [4, 1.5] });
    expect(leads(throughput, 'bullmq')).toEqual([2, 0.5]);
    expect(leads(latency, 'bullmq')).toEqual([2, 0.5]);
  });

  test('shows the spread of the rounds', () => {
    expect(spreadOf([3, 1, 5, 2, 4])).toEqual({ min: 1, median: 3, max: 5 });
    const table = peersTable([series('higher', { ours: [200, 300, 150], bullmq: [100, 100, 100] })]);
    expect(table).toMatch(
      /process no-op tasks \(tasks\/s\) \|\s+default \|\s+2 \|\s+200 \|\s+100 \|\s+\| 2\.00 \(1\.50–3\.00\)/,
    );
  });

  test('has a picture with a row for each measure', () => {
    const one = series('higher', { ours: [200], bullmq: [100] });
    const svg = leadsSvg({ series: [one] } as unknown as PeersResult, 'bullmq', longTitleOf);
    expect(svg).toMatch(/^<svg /);
    expect(svg).toContain('process no-op tasks, 2 proc., default');
    expect(svg).toContain('2.00×');
  });
});

describe('an answer', () => {
  const answer = 'HTTP/1.1 202 Accepted\r\nContent-Length: 7\r\n\r\n{"é":1';

  test('is complete when its bytes are', () => {
    const bytes = Buffer.from(answer);
    expect(parseAnswer(bytes)).toEqual({ status: 202, body: '{"é":1' });
    for (let end = 0; end < bytes.length; end += 1) expect(parseAnswer(bytes.subarray(0, end))).toBeUndefined();
  });

  test('without a length is an error', () => {
    expect(parseAnswer(Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'))).toBeInstanceOf(Error);
  });
});

describe('a profile', () => {
  const frame = (functionName: string, url = '', lineNumber = 0) => ({ functionName, url, lineNumber });
  const profile = {
    nodes: [
      { id: 1, callFrame: frame('(idle)') },
      { id: 2, callFrame: frame('encode', 'file:///x/dist/adapters/nats/codec.js', 9) },
      { id: 3, callFrame: frame('write', 'file:///x/node_modules/@nats-io/nats-core/lib/headers.js', 4) },
      { id: 4, callFrame: frame('encode', 'file:///x/dist/adapters/nats/codec.js', 9) },
    ],
    samples: [1, 2, 3, 4],
    timeDeltas: [5_000, 1_000, 6_000, 3_000],
  };

  test('sums the busy time of each function, wherever it was called', () => {
    expect(selfTimes(profile)).toEqual([
      { name: 'write', where: '@nats-io/nats-core/lib/headers.js:5', ms: 6, share: 0.6 },
      { name: 'encode', where: 'dist/adapters/nats/codec.js:10', ms: 4, share: 0.4 },
    ]);
  });

  test('sums packages and folders', () => {
    expect(byPart(selfTimes(profile)).map(({ name, ms }) => [name, ms])).toEqual([
      ['@nats-io/nats-core', 6],
      ['dist/adapters/nats', 4],
    ]);
  });
});

describe('the growth table', () => {
  test.each([
    ['20k', 20_000],
    ['1M', 1_000_000],
    ['1.5k', 1_500],
    ['7', 7],
  ])('reads %s', (text, count) => expect(parseCount(text)).toBe(count));

  test.each(['', 'k', '20K', '-1', '1e6'])('refuses "%s"', (text) =>
    expect(() => parseCount(text)).toThrow('is no number'),
  );

  test('plans jobs of exactly as many tasks', () => {
    for (const tasks of [1, 7, 58, 1_000]) expect(plan(tasks).reduce((sum, one) => sum + one, 0)).toBe(tasks);
    expect(Math.max(...plan(1_000))).toBe(200);
  });
});

describe('a generated section', () => {
  const page = 'before\n\n<!-- peers: generated, see above -->\n\nold\n\n<!-- end of peers -->\n\nafter\n';

  test('is replaced, again and again', () => {
    const once = replaceSection(page, 'peers', 'new\n');
    expect(once).toBe(page.replace('old', 'new\n').replace('new\n\n\n', 'new\n\n'));
    expect(replaceSection(once, 'peers', 'new\n')).toBe(once);
  });

  test('must exist', () => expect(() => replaceSection(page, 'growth', '')).toThrow('no section growth'));
});

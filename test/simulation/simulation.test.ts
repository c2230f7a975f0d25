import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { providerFaultNames, type ProviderFault } from './plan.ts';
import { describeFailure } from './report.ts';
import { simulate } from './simulate.ts';

const seeds = Number(process.env['SEEDS'] ?? 400);
const from = Number(process.env['SEED'] ?? 1);
const main = fileURLToPath(new URL('./main.ts', import.meta.url));

describe('whole installations on virtual time', () => {
  it(`keep their promises under the faults of ${seeds} seeds`, { timeout: 600_000 }, async () => {
    const sum = { messages: 0, calls: 0, minutes: 0 };
    const troubled = new Map<ProviderFault, number>();
    for (let seed = from; seed < from + seeds; seed += 1) {
      const run = await simulate(seed);
      if (run.violation !== undefined) expect.fail(await describeFailure(run));
      sum.messages += run.messages;
      sum.calls += run.calls;
      sum.minutes += run.lasted / 60_000;
      for (const fault of run.providerFaults.keys()) troubled.set(fault, (troubled.get(fault) ?? 0) + 1);
    }
    const figures = `${sum.messages} messages, ${sum.calls} calls of a provider`;
    console.info(`${seeds} seeds hold: ${figures}, ${Math.round(sum.minutes / 60)} virtual hours`);
    const faults = [...troubled].map(([fault, count]) => `${fault} in ${count}`);
    console.info(`Faults of the provider by seeds: ${faults.join(', ')}`);
    expect(sum.messages).toBeGreaterThan(seeds * 10);
    for (const fault of providerFaultNames) expect(troubled.get(fault)).toBeGreaterThan(seeds / 20);
  });

  it('run identically for the same seed, in this process and in another', async () => {
    const { digest } = await simulate(7);
    const again = await simulate(7, { traced: true });
    expect(again.digest).toBe(digest);
    expect((await simulate(8)).digest).not.toBe(digest);
    const other = spawnSync(process.execPath, [main, '--seed', '7', '--digest'], { encoding: 'utf8' });
    expect(other.stdout.trim()).toBe(digest);
  });

  it('do not change the time outside the simulation', async () => {
    const before = Date.now();
    await simulate(9);
    expect(Math.abs(Date.now() - before)).toBeLessThan(60_000);
    await new Promise((resolve) => setTimeout(resolve, 1));
  });
});

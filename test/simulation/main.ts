// Runs seeds from the command line: one, with its history on request, or many in a row.

import { parseArgs } from 'node:util';
import { formatEvent } from './history.ts';
import { describeFailure } from './report.ts';
import { simulate } from './simulate.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    digest: { type: 'boolean', default: false },
    history: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});

const seed = values.seed ?? process.env['SEED'];
if (seed === undefined) await runMany(Number(values.from), Number(values.seeds));
else await runOne(Number(seed));

async function runOne(one: number): Promise<void> {
  const run = await simulate(one, { traced: values.history });
  if (values.digest) console.info(run.digest);
  else if (values.history) for (const event of run.history.kept) console.info(formatEvent(event));
  if (run.violation === undefined)
    return void (values.digest || console.info(`Seed ${one} holds: ${run.messages} messages`));
  console.error(await describeFailure(run));
  process.exitCode = 1;
}

async function runMany(from: number, count: number): Promise<void> {
  const startedAt = process.hrtime.bigint();
  const seconds = (): number => Number(process.hrtime.bigint() - startedAt) / 1e9;
  const sum = { messages: 0, calls: 0, minutes: 0, broken: 0 };
  for (let next = from; next < from + count; next += 1) {
    const run = await simulate(next);
    sum.messages += run.messages;
    sum.calls += run.calls;
    sum.minutes += run.lasted / 60_000;
    if (run.violation !== undefined) {
      sum.broken += 1;
      process.exitCode = 1;
      if (values.keep) console.error(`${next}: ${run.violation.invariant}: ${run.violation.message}`);
      else {
        console.error(await describeFailure(run));
        break;
      }
    }
    if ((next - from + 1) % 1_000 === 0) console.info(`${next - from + 1} seeds in ${seconds().toFixed(0)} s`);
  }
  const figures = `${sum.messages} messages, ${sum.calls} calls, ${Math.round(sum.minutes)} virtual minutes`;
  console.info(
    `Seeds ${from} to ${from + count - 1}: ${sum.broken} broken; ${figures}; ${seconds().toFixed(1)} s, ${(process.cpuUsage().user / 1e6).toFixed(1)} s of a processor`,
  );
}

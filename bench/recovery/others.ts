// A provider that hangs, and a NATS server that dies and restarts.

import type { PolicyRequest } from '../../src/client/index.ts';
import { until } from '../../test/support/until.ts';
import { repeat, type Plan } from './faults.ts';
import type { Fleet } from './fleet.ts';
import type { Row } from './row.ts';

const attemptTimeout = 3_000;

/** From the end of the attempt's time, which the worker does not use up to the last moment: hence less than nothing. */
export async function hungProvider(fleet: Fleet, { count }: Plan): Promise<Row> {
  const asked: PolicyRequest = { attemptTimeout: `${attemptTimeout}ms`, maxAttempts: 1 };
  const submit = () => fleet.client.submit({ kind: 'image', input: { prompt: '[standin: hang]' }, policy: asked });
  const jobs = await Promise.all(Array.from({ length: count }, submit));
  const times = jobs.map(({ id }) => id);
  await until(() => fleet.record.harm(times).lost === 0, { what: 'hung calls to end', timeoutMs: 60_000 });
  const late = times.map((id) => afterTimeout(fleet, id));
  return { fault: 'hung provider: terminal, after the attempt timeout', faults: count, times: late, target: 1_000 };
}

function afterTimeout({ record }: Fleet, job: string): number {
  const entries = record.entriesOf(job);
  const claim = entries.findLastIndex(({ state }) => state.state === 'running');
  return entries[claim + 1]!.at - entries[claim]!.at - attemptTimeout;
}

/** From the restart of the server to the first claim. */
export async function restartNats(fleet: Fleet, plan: Plan): Promise<Row> {
  const { nats, record } = fleet;
  const { results, ...done } = await repeat(plan, async () => {
    await until(() => fleet.workers.every(({ name }) => record.runningOn(name) > 0), {
      what: 'all workers to be busy',
    });
    const killedAt = Date.now();
    nats.kill('SIGKILL');
    await nats.exited;
    await nats.restart();
    const back = Date.now();
    const claim = await until(() => record.firstClaimFrom(killedAt + 1), { what: 'a claim', timeoutMs: 30_000 });
    return [Math.max(0, claim - back)];
  });
  return { fault: 'NATS SIGKILL and restart: back to next claim', ...done, times: results };
}

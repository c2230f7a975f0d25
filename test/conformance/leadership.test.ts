// The contract of leadership: one candidate leads at a time, and another takes over.
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { whenAborted } from '../../src/async/abort.ts';
import type { Candidate } from '../../src/ports/leadership.ts';
import { until } from '../support/until.ts';
import { onEachAdapter } from './ports.ts';

const controller = (name: string): Candidate => ({ role: 'controller', name });

/** Leads until its signal aborts, and records both. */
function candidate(name: string, events: string[]) {
  return async (signal: AbortSignal): Promise<void> => {
    events.push(`${name} leads`);
    await whenAborted(signal);
    events.push(`${name} stops`);
  };
}

onEachAdapter((open) => {
  /** The first leads when the second starts its campaign. */
  const leaderAndStandby = async () => {
    const installation = open();
    const [one, two] = [await installation.process(), await installation.process()];
    const events: string[] = [];
    const [stopOne, stopTwo] = [new AbortController(), new AbortController()];
    const first = (await one.leadership()).campaign(controller('one'), candidate('one', events), stopOne.signal);
    await until(() => events.length === 1, { what: 'the first to lead' });
    const second = (await two.leadership()).campaign(controller('two'), candidate('two', events), stopTwo.signal);
    return { events, first, second, stopOne, stopTwo };
  };

  test('one of two leads; when it leaves, the other takes over', async () => {
    const { events, first, second, stopOne, stopTwo } = await leaderAndStandby();
    stopOne.abort();
    await first;
    await until(() => events.length === 3, { what: 'the second to lead' });
    expect(events).toEqual(['one leads', 'one stops', 'two leads']);
    stopTwo.abort();
    await second;
    expect(events.at(-1)).toBe('two stops');
  });

  test('each role has its own leader', async () => {
    const installation = open();
    const [one, two] = [await installation.process(), await installation.process()];
    const events: string[] = [];
    const stop = new AbortController();
    const first = (await one.leadership()).campaign(controller('one'), candidate('one', events), stop.signal);
    await until(() => events.length === 1, { what: 'the controller to lead' });
    const operator: Candidate = { role: 'operator', name: 'two' };
    const second = (await two.leadership()).campaign(operator, candidate('two', events), stop.signal);
    await until(() => events.length === 2, { what: 'the operator to lead beside it' });
    expect(events).toEqual(['one leads', 'two leads']);
    stop.abort();
    await Promise.all([first, second]);
  });

  test('a leader that resigns or throws campaigns again', async () => {
    const leadership = await (await open().process()).leadership();
    const stop = new AbortController();
    let terms = 0;
    const ends = leadership.campaign(
      controller('one'),
      async () => {
        terms += 1;
        await pause(1);
        if (terms === 1) throw new Error('a bad start');
        if (terms === 3) stop.abort();
      },
      stop.signal,
    );
    await ends;
    expect(terms).toBe(3);
  });

  test('a candidate that never led stops immediately', async () => {
    const { events, first, second, stopOne, stopTwo } = await leaderAndStandby();
    stopTwo.abort();
    await second;
    expect(events).toEqual(['one leads']);
    stopOne.abort();
    await first;
  });

  test('two candidates never lead at the same time, however often leaders change', async () => {
    const installation = open();
    const processes = await Promise.all([1, 2, 3].map(() => installation.process()));
    const stop = new AbortController();
    const led = new Set<number>();
    let leading = 0;
    let most = 0;
    const campaigns = processes.map(async (process, index) =>
      (await process.leadership()).campaign(
        controller(String(index)),
        async () => {
          leading += 1;
          most = Math.max(most, leading);
          led.add(index);
          await pause(5);
          leading -= 1;
        },
        stop.signal,
      ),
    );
    await until(() => led.size === 3, { what: 'each of three to have led' });
    stop.abort();
    await Promise.all(campaigns);
    expect(most).toBe(1);
  });
});

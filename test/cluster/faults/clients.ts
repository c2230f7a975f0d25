// Calls the API by command lines all the time, one after the other, and collects what failed.

import { attempt } from '../support/run.ts';

/** The exit status for what may succeed later. */
const unavailable = 4;

export interface RunningClients {
  /** Resolves with the number of calls, and a text for each that failed. */
  stop(): Promise<{ calls: number; failures: string[] }>;
}

/** Each of `commands` is a program with its arguments; `env` has the address of the API and the token. */
export function keepCalling(
  commands: () => readonly (readonly string[])[],
  env: Record<string, string>,
): RunningClients {
  let stopped = false;
  const calls = (async () => {
    const failures: string[] = [];
    let made = 0;
    for (; !stopped; made += 1) {
      const all = commands();
      const [program, ...args] = all[made % all.length]!;
      const { code, stderr } = await attempt(program!, args, { timeoutMs: 60_000, env });
      // While the only NATS server restarts, the API says so: the caller repeats the command.
      if (code !== 0 && code !== unavailable)
        failures.push(`${program} ${args.join(' ')}: ${code} ${stderr.slice(0, 500)}`);
      await new Promise((resolve) => setTimeout(resolve, 5_000));
    }
    return { calls: made, failures };
  })();
  calls.catch(() => undefined);
  return {
    stop: () => {
      stopped = true;
      return calls;
    },
  };
}

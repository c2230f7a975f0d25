// SIGINT, SIGTERM and SIGHUP (the terminal was closed) as one abort signal: the first shuts down in order, a second exits
// immediately.

export interface StopSignal {
  readonly signal: AbortSignal;
  dispose(): void;
}

/** ms. One Ctrl-C may arrive twice: from the terminal, and from a parent such as npm that forwards it. */
const sameKeyPress = 500;

const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
type StopSignalName = keyof typeof exitCodes;
const names = Object.keys(exitCodes) as StopSignalName[];

export function stopSignal(): StopSignal {
  const controller = new AbortController();
  let firstAt = Infinity;
  const onSignal = (name: NodeJS.Signals): void => {
    const now = performance.now();
    if (controller.signal.aborted && now - firstAt > sameKeyPress) process.exit(exitCodes[name as StopSignalName]);
    if (controller.signal.aborted) return;
    firstAt = now;
    controller.abort(new Error(`${name} received`));
  };
  for (const name of names) process.on(name, onSignal);
  const dispose = (): void => {
    for (const name of names) process.off(name, onSignal);
  };
  return { signal: controller.signal, dispose };
}

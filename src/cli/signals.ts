// SIGINT, SIGTERM and SIGHUP (the terminal was closed) as one abort signal: the first shuts down in order, a second exits
// immediately.

export interface StopSignal {
  readonly signal: AbortSignal;
  /** As a shell reports the signal that came: 130 for SIGINT. */
  exitCode(): number;
  dispose(): void;
}

/** ms. One Ctrl-C may arrive twice: from the terminal, and from a parent such as npm that forwards it. */
const sameKeyPress = 500;

const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
type StopSignalName = keyof typeof exitCodes;
const all = Object.keys(exitCodes) as StopSignalName[];

/** `names`: the signals that abort; others end the process as usual. */
export function stopSignal(names: readonly StopSignalName[] = all): StopSignal {
  const controller = new AbortController();
  let firstAt = Infinity;
  let code: number = exitCodes.SIGINT;
  const onSignal = (name: NodeJS.Signals): void => {
    const now = performance.now();
    if (controller.signal.aborted && now - firstAt > sameKeyPress) process.exit(exitCodes[name as StopSignalName]);
    if (controller.signal.aborted) return;
    firstAt = now;
    code = exitCodes[name as StopSignalName];
    controller.abort(new Error(`${name} received`));
  };
  for (const name of names) process.on(name, onSignal);
  const dispose = (): void => {
    for (const name of names) process.off(name, onSignal);
  };
  return { signal: controller.signal, exitCode: () => code, dispose };
}

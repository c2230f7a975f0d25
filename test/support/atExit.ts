// What must still happen when the test process ends before an owner has let go.

const actions = new Set<() => void>();
let listens = false;

/** Runs `action` (synchronous), the newest first, at the end of this process, unless the function returned is called before. */
export function atExit(action: () => void): () => void {
  // One listener for all: Node.js warns at eleven.
  if (!listens) process.once('exit', () => [...actions].toReversed().forEach((one) => one()));
  listens = true;
  actions.add(action);
  return () => void actions.delete(action);
}

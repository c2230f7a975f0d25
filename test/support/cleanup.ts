// Cleans up when the test process ends before the owner of a resource has released it.
import { spawn, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';

const actions = new Set<() => void>();
let listens = false;

/** Runs `action` (synchronous), the newest first, when this process ends. The function returned takes it back. */
export function atExit(action: () => void): () => void {
  // One listener for all: Node.js warns at eleven.
  if (!listens) process.once('exit', () => [...actions].toReversed().forEach((one) => one()));
  listens = true;
  actions.add(action);
  return () => void actions.delete(action);
}

// The shell reads from a pipe that only this process holds open, so the pipe ends when this process does.
const watch = `trap '' INT TERM HUP
while read -r line; do [ "$line" = done ] && exit 0; done
kill -KILL "$1" 2>/dev/null
[ -z "$2" ] || rm -rf "$2"`;

/** Kills the child and removes `folder` when this process ends, even by SIGKILL, when no handler can run. */
export function endWithThisProcess(child: ChildProcess, folder = ''): void {
  if (child.pid === undefined) return;
  const watcher = spawn('sh', ['-c', watch, 'watch', String(child.pid), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watcher.on('error', () => undefined);
  watcher.stdin.on('error', () => undefined);
  const forget = atExit(() => void child.kill('SIGKILL'));
  child.once('exit', () => {
    forget();
    watcher.stdin.end('done\n');
  });
  watcher.unref();
  (watcher.stdin as Socket).unref();
}

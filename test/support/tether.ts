// Ties a child process to this one: the child dies when this process does, even by SIGKILL, when no handler can run.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { atExit } from './atExit.ts';

// The shell reads from a pipe that only this process holds open. The end of the pipe is the end of this process.
const watch = `trap '' INT TERM HUP
while read -r line; do [ "$line" = done ] && exit 0; done
kill -KILL "$1" 2>/dev/null
[ -z "$2" ] || rm -rf "$2"`;

/** With the child goes `folder`, where one is named. */
export function tether(child: ChildProcess, folder = ''): void {
  if (child.pid === undefined) return;
  const watcher = spawn('sh', ['-c', watch, 'tether', String(child.pid), folder], {
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

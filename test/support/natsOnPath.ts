// Global set-up: puts the nats-server of `genwarden dev` first on PATH, for the tests and every process that they start.
import { delimiter, dirname } from 'node:path';
import { findNatsServer } from '../../src/processes/dev/natsBinary.ts';

export default function putNatsServerOnPath(): void {
  process.env['PATH'] = `${dirname(found())}${delimiter}${process.env['PATH']}`;
}

function found(): string {
  const path = process.env['GENWARDEN_NATS_SERVER'] ?? findNatsServer();
  if (path === undefined) throw new Error('the tests need nats-server: run `make setup`');
  return path;
}

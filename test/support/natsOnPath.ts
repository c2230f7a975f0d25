// Before the tests: puts the nats-server that was found first on PATH, for the tests and for every process they start.
import { delimiter, dirname } from 'node:path';
import { findNatsServer } from './natsBinary.ts';

export default function putNatsServerOnPath(): void {
  process.env['PATH'] = `${dirname(found())}${delimiter}${process.env['PATH']}`;
}

function found(): string {
  try {
    return findNatsServer();
  } catch (cause) {
    throw new Error('the tests need nats-server: run `make setup`', { cause });
  }
}

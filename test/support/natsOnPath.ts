// Before the tests: puts the nats-server that was found first on PATH, for the tests and for every process they start.
import { delimiter, dirname } from 'node:path';
import { findNatsServer } from './natsBinary.ts';

export default function putNatsServerOnPath(): void {
  process.env['PATH'] = `${dirname(findNatsServer())}${delimiter}${process.env['PATH']}`;
}

// Loaded into a measured process by `--import`: SIGPWR, which the product does not use, starts V8's CPU profiler, and the next
// one writes the profile to BENCH_PROFILE. So the profile shows the work, and neither the start nor the compilation of the code.

import { renameSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';

const file = process.env['BENCH_PROFILE']!;
/** µs between two samples. */
const interval = 500;
let session: Session | undefined;

process.on('SIGPWR', () => void toggle());

async function toggle(): Promise<void> {
  if (session === undefined) {
    session = new Session();
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval });
    await session.post('Profiler.start');
    writeFileSync(`${file}.started`, '');
    return;
  }
  const { profile } = await session.post('Profiler.stop');
  writeFileSync(`${file}.part`, JSON.stringify(profile));
  renameSync(`${file}.part`, file);
}

// Installs the nats-server that `genwarden dev` would download into the folder given, and prints where it is.

import { installNatsServer } from '../src/processes/dev/natsInstall/install.ts';
import { natsRelease } from '../src/processes/dev/natsInstall/release.ts';

const [cache] = process.argv.slice(2);
try {
  const path = await installNatsServer({
    cache: cache!,
    release: natsRelease(),
    signal: new AbortController().signal,
    announce: console.log,
  });
  console.log(`nats-server: ${path}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

// Keeps an installation running in which every situation of the console exists at once, until Ctrl-C: `node hack/console-showcase.ts`.
// A new build of the console (`make console`) shows at the next load of a page.

import { once } from 'node:events';
import { startShowcase } from '../test/browser/console/situations/showcase.ts';

const { site, jobs } = await startShowcase('full');
process.stdout.write(`The console of the showcase is at ${site.url}/\n`);
for (const [name, id] of Object.entries(jobs)) process.stdout.write(`  ${name.padEnd(12)} ${site.url}/jobs/${id}\n`);
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
await site[Symbol.asyncDispose]();
process.exit(0);

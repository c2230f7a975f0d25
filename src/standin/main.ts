// The stand-in as a process: node src/standin/main.ts --port 9090 --latency 5s [--key a --key b] [--verbose]

import { parseArgs } from 'node:util';
import { parseDuration } from './marker.ts';
import { startStandin } from './standin.ts';
import type { StandinOptions } from './standin.ts';

const usage = 'usage: main.ts [--host 127.0.0.1] [--port 0] [--latency 5s] [--key KEY]… [--verbose]';

try {
  await run(readOptions(process.argv.slice(2)));
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  process.exitCode = 2;
}

async function run(options: StandinOptions): Promise<void> {
  const standin = await startStandin(options);
  console.log(`Gemini stand-in listening on ${standin.url}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void standin.close());
}

function readOptions(args: string[]): StandinOptions {
  const { values } = parseArgs({
    args,
    options: {
      host: { type: 'string' },
      port: { type: 'string', default: '0' },
      latency: { type: 'string', default: '0s' },
      key: { type: 'string', multiple: true },
      verbose: { type: 'boolean', default: false },
    },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`invalid port: ${values.port}`);
  const latencyMs = parseDuration(values.latency);
  if (latencyMs === undefined)
    throw new Error(`invalid latency: ${values.latency}; use a duration such as 500ms or 5s`);
  return {
    port,
    latencyMs,
    ...(values.host === undefined ? {} : { host: values.host }),
    ...(values.key === undefined ? {} : { keys: values.key }),
    ...(values.verbose ? { log: (line: string) => console.error(line) } : {}),
  };
}

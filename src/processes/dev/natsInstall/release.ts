// The release of nats-server that `genwarden dev` downloads when a machine has none.

import { arch, platform } from 'node:process';

/** One archive of a release; it has the binary in a folder with the archive's name. */
export interface NatsRelease {
  readonly version: string;
  /** Of the archive: `<name>.tar.gz`. */
  readonly url: string;
  /** The folder in the archive. */
  readonly name: string;
  /** Hexadecimal, of the archive. */
  readonly sha256: string;
}

const version = '2.15.0';
const address = `https://github.com/nats-io/nats-server/releases/download/v${version}`;

/** As several public records of the release give them; the official Docker image pins the same sums for Linux. */
const sums: Readonly<Record<string, string>> = {
  'linux-amd64': '5d2c51caca950333aba84911df7d377f826f3a59ec36061c6539105084f65c92',
  'linux-arm64': 'cdc208f5a3f42963a52b6ab06ef65626bb870315dc936e26ba571780c6351112',
  'darwin-amd64': '5bd8b59ca5bf93fab3da2c5843cf564cd6e2e291e22ae3b861746e7ebe259b95',
  'darwin-arm64': 'e1c4e22d70bd44abfa0bcb3c16f7cf0c66f648c2e728c58924e8a1ce88913cc8',
};

/** The archive for a platform and architecture as Node.js names them; undefined if no sum is pinned for it. */
export function natsRelease(system: string = platform, processor: string = arch): NatsRelease | undefined {
  const target = `${system}-${processor === 'x64' ? 'amd64' : processor}`;
  const sha256 = sums[target];
  if (sha256 === undefined) return undefined;
  const name = `nats-server-v${version}-${target}`;
  return { version, url: `${address}/${name}.tar.gz`, name, sha256 };
}

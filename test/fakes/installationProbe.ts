// A probe of an installation that is well, unless a test says otherwise.

import { GenwardenError } from '../../src/job/errors/index.ts';
import type { InstallationProbe, NatsStatus } from '../../src/ports/installationProbe.ts';

export interface FakeInstallationProbe extends InstallationProbe {
  /** What differs from a sound NATS. */
  status: Partial<NatsStatus>;
  leading: string | undefined;
  /** NATS does not answer. */
  away: boolean;
}

const sound: NatsStatus = {
  server: 'nats://127.0.0.1:4222 (nats-0)',
  addresses: ['nats://127.0.0.1:4222'],
  maxAgeMs: undefined,
  version: '2.12.0',
  roundTripMs: 0.42,
  unsuitable: undefined,
  replicas: 3,
  storage: { used: 1_048_576, limit: -1 },
};

export function fakeInstallationProbe(
  status: Partial<NatsStatus> = {},
  leading: string | undefined = 'controller-1',
): FakeInstallationProbe {
  const answer = async <T>(of: () => T): Promise<T> => {
    if (probe.away) throw new GenwardenError('Unavailable', 'NATS did not answer within 5 s');
    return of();
  };
  const probe: FakeInstallationProbe = {
    status,
    leading,
    away: false,
    nats: () => answer(() => ({ ...sound, ...probe.status })),
    leader: () => answer(() => probe.leading),
  };
  return probe;
}

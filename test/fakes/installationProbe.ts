// A probe of an installation that is well, unless a test says otherwise.

import type { InstallationProbe, NatsStatus } from '../../src/ports/installationProbe.ts';

const sound: NatsStatus = {
  version: '2.12.0',
  roundTripMs: 0.42,
  unsuitable: undefined,
  replicas: 3,
  storage: { used: 1_048_576, limit: -1 },
};

export function fakeInstallationProbe(
  nats: Partial<NatsStatus> = {},
  leader: string | undefined = 'controller-1',
): InstallationProbe {
  return { nats: async () => ({ ...sound, ...nats }), leader: async () => leader };
}

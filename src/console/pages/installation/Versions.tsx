// The versions of the API, of NATS and of the workers.

import type { Check, Worker } from '../../../client/index.ts';
import { counted } from '../../format.ts';
import { natsVersion, versionsOf, workersByVersion } from './checks.ts';

interface VersionsProps {
  api: string;
  checks: readonly Check[];
  workers: readonly Worker[];
}

export function Versions({ api, checks, workers }: VersionsProps) {
  const versions = versionsOf(api, workers);
  const rows = [
    ['API and console', api],
    ['NATS server', natsVersion(checks) ?? 'unknown'],
    ...workersByVersion(workers).map(({ version, workers: some }) => [counted(some, 'worker'), version]),
  ];
  return (
    <section aria-labelledby="versions">
      <h2 id="versions">Versions</h2>
      {versions.length === 1 ? null : (
        <p class="installation-mixed">
          ◍ {versions.length} versions run side by side: {versions.join(', ')}. That is fine during an upgrade; complete
          it.
        </p>
      )}
      <dl class="installation-versions">
        {rows.map(([what, version]) => (
          <div key={`${what} ${version}`}>
            <dt class="muted">{what}</dt>
            <dd>{version}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

// Opens the artifact store that the settings choose. The SDK of S3 takes tens of megabytes: only a process that uses it loads it.

import { natsArtifactStore, storageOf } from '../adapters/nats/index.ts';
import type { Settings } from '../config/settings.ts';
import type { ArtifactStore } from '../ports/artifactStore.ts';
import type { Clock } from '../ports/clock.ts';
import { showTraffic } from '../telemetry/traffic.ts';
import type { ProcessContext } from './bootstrap.ts';

/** Closed with the process. */
export async function openArtifacts(context: ProcessContext, settings: Settings, clock: Clock): Promise<ArtifactStore> {
  const { link, registry } = context;
  const { retentionMs } = settings;
  const artifacts =
    settings.artifactStore === 's3'
      ? await openS3(context, settings, clock)
      : await natsArtifactStore(link, { retentionMs, clock });
  showTraffic(registry, artifacts.traffic);
  return artifacts;
}

async function openS3(
  { link, resources, hideSecrets }: ProcessContext,
  { s3, nats, retentionMs }: Settings,
  clock: Clock,
): Promise<ArtifactStore> {
  const { s3ArtifactStore } = await import('../adapters/s3/index.ts');
  const { accessKeyId, secretAccessKey, accessKeyIdFile, secretAccessKeyFile } = s3;
  const credentials =
    accessKeyId === undefined || secretAccessKey === undefined
      ? undefined
      : { accessKeyId, secretAccessKey, accessKeyIdFile, secretAccessKeyFile };
  const forcePathStyle = s3.forcePathStyle === undefined ? s3.endpoint !== undefined : s3.forcePathStyle === 'true';
  const store = s3ArtifactStore(
    { ...s3, bucket: s3.bucket!, forcePathStyle, credentials },
    { prefix: nats.prefix, retentionMs, clock, storage: storageOf(link), hideSecrets },
  );
  resources.own('S3 store', store, (it) => it.close());
  // Tells at once, in the log and in /readyz, if the store cannot be used. Jobs wait for it.
  store.checkRoom().catch(() => undefined);
  return store;
}

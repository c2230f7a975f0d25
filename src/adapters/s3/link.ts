// Presigned URLs: for a short time, who has one may read one object, and nothing else.

import { GetObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { ArtifactLink } from '../../ports/artifactStore.ts';
import { locate } from './find.ts';
import { request } from './objects.ts';
import type { Store } from './settings.ts';

/** Undefined if the artifact is not stored. */
export async function linkTo(
  store: Store,
  { tenant, digest, path, mediaType, disposition, expiresInMs }: ArtifactLink,
): Promise<string | undefined> {
  const found = await locate(store, tenant, digest, path);
  if (found === undefined) return undefined;
  const command = new GetObjectCommand({
    Bucket: store.bucket,
    Key: found.key,
    ResponseContentType: mediaType,
    ResponseContentDisposition: disposition,
  });
  const expiresIn = Math.ceil(expiresInMs / 1_000);
  return request(store, 'Cannot sign a link', () => getSignedUrl(store.client, command, { expiresIn }));
}

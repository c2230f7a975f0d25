// The client of the S3 SDK, and how it gets its credentials.

import { readFile } from 'node:fs/promises';
import { S3Client } from '@aws-sdk/client-s3';
import { proxyAgents } from '../../proxy/index.ts';
import type { S3Credentials, S3Settings } from './settings.ts';

/** ms. */
const connectWithin = 3_000;
/** ms without a byte in either direction. */
const silentFor = 15_000;
/** Connections to the store. Further requests wait. */
const maxSockets = 64;

export function s3Client(settings: S3Settings, hideSecrets: (secrets: readonly string[]) => void): S3Client {
  const { endpoint, region, forcePathStyle, credentials } = settings;
  const agentOptions = { keepAlive: true, maxSockets };
  const agents = proxyAgents(process.env, agentOptions);
  return new S3Client({
    region,
    forcePathStyle,
    maxAttempts: 3,
    // Artifacts are verified by their SHA-256. Many servers do not know the SDK's own checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: connectWithin,
      socketTimeout: silentFor,
      httpAgent: agents?.http ?? agentOptions,
      httpsAgent: agents?.https ?? agentOptions,
    },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials: fromSettings(credentials, hideSecrets) }),
  });
}

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** ms. The SDK asks for new credentials that long before they expire, that is at every request. */
const expireIn = 60_000;
const readEvery = 1_000;

/** Kubernetes replaces mounted Secrets by swapping a symbolic link: the files are read again instead of watched. */
function fromSettings(
  { accessKeyId, secretAccessKey, accessKeyIdFile, secretAccessKeyFile }: S3Credentials,
  hideSecrets: (secrets: readonly string[]) => void,
): Keys | (() => Promise<Keys & { expiration?: Date }>) {
  let keys: Keys = { accessKeyId, secretAccessKey };
  hideSecrets([secretAccessKey]);
  if (accessKeyIdFile === undefined && secretAccessKeyFile === undefined) return keys;
  let readAt = -Infinity;
  return async () => {
    if (performance.now() - readAt > readEvery) {
      readAt = performance.now();
      const [id, secret] = await Promise.all([
        contentOf(accessKeyIdFile, keys.accessKeyId),
        contentOf(secretAccessKeyFile, keys.secretAccessKey),
      ]);
      if (secret !== keys.secretAccessKey) hideSecrets([secret]);
      keys = { accessKeyId: id, secretAccessKey: secret };
    }
    return { ...keys, expiration: new Date(Date.now() + expireIn) };
  };
}

/** A file that is gone or empty for a moment keeps the present value. */
async function contentOf(path: string | undefined, present: string): Promise<string> {
  if (path === undefined) return present;
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.trim() === '' ? present : text.trim();
}

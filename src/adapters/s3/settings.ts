// What the S3 store needs to know, and the parts that its files share.

import type { S3Client } from '@aws-sdk/client-s3';
import type { Flow } from '../../async/flow.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Health, StorageMarks } from './health.ts';

export interface S3Settings {
  /** Undefined for Amazon S3. */
  readonly endpoint?: string | undefined;
  readonly bucket: string;
  readonly region: string;
  /** Undefined: the SDK's chain of credentials, workload identity included. */
  readonly credentials?: S3Credentials | undefined;
  readonly pathTemplate: string;
  readonly forcePathStyle: boolean;
}

/** The values at the start, and the files that they come from, which are read again when they change. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly accessKeyIdFile?: string | undefined;
  readonly secretAccessKeyFile?: string | undefined;
}

export interface S3Options {
  /** Separates installations that share a bucket. */
  readonly prefix: string;
  /** How long a job is kept from its submit, ms. */
  readonly retentionMs: number;
  readonly clock: Clock;
  /** Learns which part of the store cannot be used, and when it can be used again. */
  readonly storage: StorageMarks;
  /** Keeps credentials out of the log. */
  readonly hideSecrets: (secrets: readonly string[]) => void;
}

export interface Store {
  readonly client: S3Client;
  readonly bucket: string;
  /** For messages: the bucket and where it is. */
  readonly address: string;
  /** The folder of what Genwarden keeps for itself. No path of a template starts with an underscore. */
  readonly root: string;
  readonly template: string;
  readonly retentionMs: number;
  readonly clock: Clock;
  readonly health: Health;
  readonly reads: Flow;
  readonly writes: Flow;
  /** The downloads and reads that are open. */
  readonly readers: Set<object>;
}

/** ms. Artifacts are kept an hour longer than the jobs. */
export const hour = 3_600_000;

export const never: AbortSignal = new AbortController().signal;

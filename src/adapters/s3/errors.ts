// What an error of S3 means: what is wrong, whether it can clear, and what the store's health learns from it.

import { GenwardenError } from '../../job/errors/index.ts';
import { storageAdvice, storageTitle, type StoragePlace } from '../../job/storage.ts';
import type { Store } from './settings.ts';

/** What errors of the SDK have. */
interface S3Error {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

const places: Readonly<Record<string, StoragePlace>> = {
  QuotaExceeded: 's3-full',
  XMinioStorageFull: 's3-full',
  XMinioAdminBucketQuotaExceeded: 's3-full',
  InsufficientStorage: 's3-full',
  NoSpace: 's3-full',
  NoSpaceLeft: 's3-full',
  AccessDenied: 's3-access',
  AllAccessDisabled: 's3-access',
  InvalidAccessKeyId: 's3-access',
  SignatureDoesNotMatch: 's3-access',
  ExpiredToken: 's3-access',
  ExpiredTokenException: 's3-access',
  InvalidToken: 's3-access',
  InvalidIdentityToken: 's3-access',
  InvalidClientTokenId: 's3-access',
  CredentialsProviderError: 's3-access',
  TokenRefreshRequired: 's3-access',
  RequestTimeTooSkewed: 's3-clock',
  RequestExpired: 's3-clock',
  NoSuchBucket: 's3-bucket',
  PermanentRedirect: 's3-region',
  AuthorizationHeaderMalformed: 's3-region',
  IllegalLocationConstraintException: 's3-region',
};

const byStatus: Readonly<Record<number, StoragePlace>> = {
  301: 's3-region',
  401: 's3-access',
  403: 's3-access',
  507: 's3-full',
};

/** Undefined for a request that S3 refuses for another reason, which waiting does not clear. */
export function placeOf(error: S3Error): StoragePlace | undefined {
  const status = error.$metadata?.httpStatusCode;
  // The file system of a gateway may be full: it answers 500 with the words of its system.
  if (/no space left|disk quota exceeded/i.test(error.message)) return 's3-full';
  const known = places[error.name] ?? (status === undefined ? undefined : byStatus[status]);
  if (known !== undefined) return known;
  const isRefusal = status !== undefined && status >= 300 && status < 500 && status !== 408 && status !== 429;
  return isRefusal ? undefined : 's3-away';
}

/** The object is not stored. A bucket that is not there answers otherwise, except to a HEAD. */
export function isMissing(error: unknown): boolean {
  const { name, $metadata } = asS3Error(error);
  return name === 'NoSuchKey' || name === 'NotFound' || ($metadata?.httpStatusCode === 404 && name !== 'NoSuchBucket');
}

/** The store answered that it does not do it. */
export const hasAnswered = (error: unknown): boolean => {
  const status = asS3Error(error).$metadata?.httpStatusCode ?? 0;
  return status >= 300;
};

/** Another object is stored there already, or is being stored at this moment. */
export const isTaken = (error: unknown): boolean =>
  [409, 412].includes(asS3Error(error).$metadata?.httpStatusCode ?? 0) && asS3Error(error).name !== 'QuotaExceeded';

/** As an error of the catalogue, and noted in the store's health. `what`: a sentence without a full stop. */
export function refusalOf(store: Store, what: string, cause: unknown): GenwardenError {
  if (cause instanceof GenwardenError) return cause;
  const error = asS3Error(cause);
  const place = placeOf(error);
  if (place === undefined) {
    return new GenwardenError('ArtifactStoreFailed', `${what}: ${wordsOf(error)} (${store.address})`, { cause });
  }
  const words = `${store.address}: ${wordsOf(error)}`;
  store.health.failed(place, words);
  const code = place === 's3-full' ? 'StorageFull' : 'ArtifactStoreUnavailable';
  const message = `${what}. ${storageTitle({ place })} (${words}). ${storageAdvice({ place })}`;
  return new GenwardenError(code, message, { cause });
}

function wordsOf({ name, message, code, $metadata, $response }: S3Error): string {
  const status = $metadata?.httpStatusCode;
  const region = $response?.headers?.['x-amz-bucket-region'];
  const said =
    message === '' || message === name || message === 'UnknownError' ? '' : `: ${message.replace(/\.$/, '')}`;
  const title = name === 'Error' && typeof code === 'string' ? code : name;
  const where = region === undefined ? '' : `; the bucket is in region ${region}`;
  return `${status === undefined ? '' : `HTTP ${status} `}${title}${said}${where}`;
}

const asS3Error = (error: unknown): S3Error =>
  error instanceof Error ? error : { name: 'Error', message: String(error) };

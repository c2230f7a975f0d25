// What each error of S3 means: which part of the store, or a refusal that waiting does not clear.
import { expect, test } from 'vitest';
import { isMissing, isTaken, placeOf } from '../../../src/adapters/s3/errors.ts';

const error = (name: string, httpStatusCode?: number, message = name) =>
  Object.assign(new Error(message), { name, $metadata: httpStatusCode === undefined ? {} : { httpStatusCode } });

test.each([
  ['QuotaExceeded', 403, 's3-full'],
  ['XMinioStorageFull', 507, 's3-full'],
  ['SomethingNew', 507, 's3-full'],
  ['AccessDenied', 403, 's3-access'],
  ['InvalidAccessKeyId', 403, 's3-access'],
  ['SignatureDoesNotMatch', 403, 's3-access'],
  ['ExpiredToken', 400, 's3-access'],
  ['CredentialsProviderError', undefined, 's3-access'],
  ['SomethingNew', 403, 's3-access'],
  ['RequestTimeTooSkewed', 403, 's3-clock'],
  ['NoSuchBucket', 404, 's3-bucket'],
  ['PermanentRedirect', 301, 's3-region'],
  ['AuthorizationHeaderMalformed', 400, 's3-region'],
  ['Error', undefined, 's3-away'],
  ['TimeoutError', undefined, 's3-away'],
  ['SlowDown', 503, 's3-away'],
  ['TooManyRequests', 429, 's3-away'],
  ['InternalError', 500, 's3-away'],
  ['EntityTooLarge', 400, undefined],
  ['MethodNotAllowed', 405, undefined],
] as const)('%s with status %s is %s', (name, status, place) => {
  expect(placeOf(error(name, status))).toBe(place);
});

test('a gateway over a full file system is full', () => {
  expect(placeOf(error('InternalError', 500, 'write: no space left on device'))).toBe('s3-full');
});

test('a missing object differs from a missing bucket, and a taken key from a full store', () => {
  expect(isMissing(error('NoSuchKey', 404))).toBe(true);
  expect(isMissing(error('NotFound', 404))).toBe(true);
  expect(isMissing(error('NoSuchBucket', 404))).toBe(false);
  expect(isTaken(error('PreconditionFailed', 412))).toBe(true);
  expect(isTaken(error('ConditionalRequestConflict', 409))).toBe(true);
  expect(isTaken(error('QuotaExceeded', 409))).toBe(false);
});

// Whose failure an attempt's error is: the provider's as a whole, or one key's. All other errors are the task's own.

import type { TaskErrorCode } from './index.ts';

/** The circuit breaker of a model counts these. */
export const providerFailures = [
  'ProviderUnavailable',
  'ProviderError',
  'ProviderUnreachable',
] as const satisfies readonly TaskErrorCode[];

/** Another key of the pool may not have these. */
export const keyFailures = [
  'RateLimited',
  'QuotaExhausted',
  'QuotaUnavailable',
  'KeyRefused',
  'PermissionDenied',
] as const satisfies readonly TaskErrorCode[];

export const isProviderFailure = (code: string): boolean => (providerFailures as readonly string[]).includes(code);

export const isKeyFailure = (code: string): boolean => (keyFailures as readonly string[]).includes(code);

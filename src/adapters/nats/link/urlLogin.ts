// User and password in the address of a NATS server.

import { GenwardenError } from '../../../job/errors/index.ts';

export interface Login {
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
}

/**
 * `nats://user:password@host` and `nats://token@host`; undefined without either. Both are percent-encoded, as in every URL.
 * Throws `InvalidConfiguration` for a `%` that is not.
 */
export function loginIn(address: string): Login | undefined {
  if (!address.includes('@')) return undefined;
  const { username, password } = new URL(address.includes('://') ? address : `nats://${address}`);
  if (username === '' && password === '') return undefined;
  if (password === '') return { token: decoded(username) };
  return { user: decoded(username), pass: decoded(password) };
}

/** The address without user and password, safe to log. */
export function withoutLogin(address: string): string {
  if (!address.includes('@')) return address;
  return address.replace(/^([a-z]+:\/\/)?.*@/, '$1');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    const message =
      'The user or password in GENWARDEN_NATS_URL has a % that is not part of an escape: write it as %25.';
    throw new GenwardenError('InvalidConfiguration', message);
  }
}

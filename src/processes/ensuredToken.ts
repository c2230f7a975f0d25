// The admin's token that an installation gets if no value names one.

import { randomBytes } from 'node:crypto';
import { createToken } from '../api/auth/createToken.ts';
import { hashOfToken } from '../api/auth/tokenStore.ts';

/** A new token, or the given one, and the text of the tokens file with its hash. */
export function adminToken(known: string | undefined): { readonly token: string; readonly file: string } {
  const scopes = ['admin'] as const;
  const created = createToken({ name: 'admin', tenant: 'default', scopes, createdAt: Date.now() }, randomBytes);
  const token = known ?? created.token;
  const tokens = [{ ...created.entry, id: 'tok_admin', hash: hashOfToken(token) }];
  return { token, file: JSON.stringify({ tokens }, null, 2) };
}

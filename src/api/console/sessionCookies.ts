// The cookies of a sign-in at an issuer. That of the session itself is in `auth/requestToken.ts`.

import { readCookie, storeCookie, type CookieKind, type CookiePlace } from '../auth/cookies.ts';
import type { z } from 'zod';

const below = '/console/session';

/** Renews the session; browsers send it to the routes of the session alone. */
export const refreshCookie: CookieKind = { name: 'genwarden_refresh', sameSite: 'strict', below };

/** Kept while the person is at the issuer, whose page is of another site. */
export const signInCookie: CookieKind = { name: 'genwarden_sign_in', sameSite: 'lax', maxAge: 600 };

/** Why the last sign-in failed, for the page that the browser comes back to. */
export const problemCookie: CookieKind = { name: 'genwarden_sign_in_problem', sameSite: 'strict', maxAge: 60, below };

export const storeJson = (kind: CookieKind, value: object, place: CookiePlace): string[] =>
  storeCookie(kind, Buffer.from(JSON.stringify(value)).toString('base64url'), place);

/** Undefined if there is none, or something else: browsers send what they like. */
export function readJson<T>(kind: CookieKind, schema: z.ZodType<T>, place: CookiePlace): T | undefined {
  const text = readCookie(kind, place);
  if (text === undefined) return undefined;
  try {
    return schema.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString())).data;
  } catch {
    return undefined;
  }
}

// Cookies that only the API reads: no script sees them. A value that is too long for one cookie, as access tokens can be, takes several.

import type { IncomingHttpHeaders } from 'node:http';
import { fastifyCookie as cookie } from '@fastify/cookie';
import type { Api } from '../options.ts';

/** Loads what the functions here need. */
export function acceptCookies(app: Api): void {
  app.register(cookie, { hook: false });
}

/** A cookie by its plain name. By https, it gets a prefix with which no other host and no plain http can set it. */
export interface CookieKind {
  readonly name: string;
  readonly sameSite: 'strict' | 'lax';
  /** Seconds; absent: until the browser closes. */
  readonly maxAge?: number;
  /** Where browsers send it, below the path of the API; absent: everywhere. */
  readonly below?: string;
}

/** Of the request that a cookie is read from, or set in the answer to. */
export interface CookiePlace {
  readonly headers: IncomingHttpHeaders;
  readonly publicUrl: string | undefined;
}

/** Characters. Browsers refuse cookies above 4,096 bytes with their name and attributes. */
const perCookie = 3_600;
/** Cookies that one value takes at most. */
const maxParts = 4;
/** Characters of the longest value. */
export const maxCookieValue = perCookie * maxParts;

/** Whether the browser reaches the API by https. A proxy in front of it or the browser says so; a wrong claim harms only its sender. */
export function cameByHttps({ headers, publicUrl }: CookiePlace): boolean {
  const forwarded = headers['x-forwarded-proto']?.toString().split(',', 1)[0]?.trim();
  if (forwarded !== undefined) return forwarded === 'https';
  if (headers.origin?.startsWith('https://') === true) return true;
  const url = publicUrl === undefined ? null : URL.parse(publicUrl);
  return url?.protocol === 'https:' && url.host === headers.host?.toLowerCase();
}

/** Undefined if the request has no such cookie, or not all of its parts. */
export function readCookie(kind: CookieKind, place: CookiePlace): string | undefined {
  const found = cookiesOf(place);
  const [secure, plain] = [prefixed(kind), kind.name].map((name) => joined(found, name));
  // By https, a cookie without the prefix may come from another host of the same domain.
  return secure ?? (cameByHttps(place) ? undefined : plain);
}

/** The `Set-Cookie` headers that store the value. Values are ASCII without spaces, quotes, commas, semicolons, backslashes and `%`. */
export function storeCookie(kind: CookieKind, value: string, place: CookiePlace): string[] {
  const secure = cameByHttps(place);
  const count = Math.ceil(value.length / perCookie);
  const parts = Array.from({ length: count }, (_, at) => value.slice(at * perCookie, (at + 1) * perCookie));
  const name = secure ? prefixed(kind) : kind.name;
  // The first part tells how many there are, because parts of a longer value may be left over.
  return parts.map((part, at) => serialized(kind, nameOf(name, at), at === 0 ? `${count}:${part}` : part, place));
}

/** The `Set-Cookie` headers that remove what the request has of the cookie. */
export function removeCookie(kind: CookieKind, place: CookiePlace): string[] {
  const found = cookiesOf(place);
  return [prefixed(kind), kind.name]
    .flatMap((name) => Array.from({ length: maxParts }, (_, at) => nameOf(name, at)))
    .filter((name) => found[name] !== undefined)
    .map((name) => serialized({ ...kind, maxAge: 0 }, name, '', place));
}

function serialized(kind: CookieKind, name: string, value: string, { publicUrl }: CookiePlace): string {
  const { sameSite, maxAge, below } = kind;
  // A proxy may add a path, which only the public address tells.
  const root = publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/$/, '');
  return cookie.serialize(name, value, {
    path: below === undefined ? '/' : `${root}${below}`,
    httpOnly: true,
    sameSite,
    secure: name.startsWith('__'),
    ...(maxAge === undefined ? {} : { maxAge }),
    encode: (text) => text,
  });
}

/** `__Host-` requires the path `/`. */
const prefixed = ({ name, below }: CookieKind): string => `${below === undefined ? '__Host-' : '__Secure-'}${name}`;

const nameOf = (name: string, part: number): string => (part === 0 ? name : `${name}_${part}`);

function joined(found: Readonly<Record<string, string>>, name: string): string | undefined {
  const [, count, first] = /^([1-4]):(.+)$/.exec(found[name] ?? '') ?? [];
  if (first === undefined) return undefined;
  const rest = Array.from({ length: Number(count) - 1 }, (_, at) => found[nameOf(name, at + 1)]);
  return rest.includes(undefined) ? undefined : first + rest.join('');
}

const cookiesOf = ({ headers }: CookiePlace): Readonly<Record<string, string>> => cookie.parse(headers.cookie ?? '');

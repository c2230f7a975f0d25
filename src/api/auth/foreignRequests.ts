// Without authentication, every page that a browser on this network shows could call the API. Refuses requests that pages of
// other sites send, and requests for host names that are not the API's own: a foreign name can be made to resolve to this
// machine, and then its pages count as the API's own (DNS rebinding). With authentication, the console's cookie counts only for
// the API's own pages.

import { isIP } from 'node:net';
import { GenwardenError } from '../../job/errors/index.ts';
import { isLoopback } from '../../job/loopback.ts';

/** What the API is called, and which pages may call it. */
export interface OwnSite {
  /** The address that the API listens on; default: a loopback address. */
  readonly listensOn?: string | undefined;
  /** Of the API's machine. */
  readonly hostname?: string | undefined;
  readonly publicUrl?: string | undefined;
  /** Origins of pages that may call the API, or `*`. */
  readonly corsOrigins: readonly string[];
}

/** The headers by which browsers say where a request comes from. Pages cannot set any of them. */
export interface RequestSource {
  readonly method: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly referer: string | undefined;
  /** Sec-Fetch-Site, which browsers send to https and to this machine alone. */
  readonly fetchSite: string | undefined;
}

export type RefuseForeign = (source: RequestSource) => GenwardenError | undefined;

/** Decides for each request of an API without authentication: a `ForeignHost`, a `CrossSiteRequest`, or undefined. */
export function refuseForeign(site: OwnSite): RefuseForeign {
  const { listensOn = 'localhost', hostname = 'localhost', publicUrl, corsOrigins } = site;
  const publicOrigins = [...corsOrigins, publicUrl].flatMap((url) => originOf(url) ?? []);
  const names = new Set(
    [listensOn, hostname, ...publicOrigins.map((origin) => new URL(origin).hostname)].map(plainName),
  );
  // Only this machine reaches a loopback address, so names that only a network knows are not needed there.
  const hasNetwork = !isLoopback(listensOn);
  const isOwnName = (name: string): boolean =>
    isIP(name) !== 0 || isLocalName(name) || names.has(name) || (hasNetwork && isPrivateName(name));
  const isAllowed = (origin: string | undefined): boolean =>
    corsOrigins.includes('*') || (origin !== undefined && publicOrigins.includes(origin));
  return (source) => {
    const name = nameOf(source.host);
    if (source.host !== undefined && (name === undefined || !isOwnName(name))) return foreignHost(source.host);
    return isAllowed(originOf(source.origin ?? source.referer)) || isOwnRequest(source)
      ? undefined
      : crossSite(source.origin);
  };
}

/**
 * Whether a page of the API itself sent the request, or the user who entered its address, so that the cookie of the console
 * counts. Unlike a client without a token, a request that may change something must prove it.
 */
export function isOfOwnPage(source: RequestSource, publicUrl: string | undefined): boolean {
  const { method, host, origin, fetchSite } = source;
  const isRead = method === 'GET' || method === 'HEAD';
  if (fetchSite !== undefined) return fetchSite === 'same-origin' || (fetchSite === 'none' && isRead);
  // By plain http from another machine. The cookie itself is not sent from other sites (SameSite), and no script of another port
  // can read the answer.
  if (origin === undefined) return isRead;
  return (host !== undefined && withoutDefaultPort(origin) === host.toLowerCase()) || origin === originOf(publicUrl);
}

/** Whether a page of another site sent the request. Clients that are no browsers tell nothing, and are none. */
export function crossSiteRefusal(source: RequestSource, publicUrl: string | undefined): GenwardenError | undefined {
  const isOwn = isOwnRequest(source) || (source.origin !== undefined && source.origin === originOf(publicUrl));
  return isOwn ? undefined : crossSite(source.origin);
}

function isOwnRequest({ method, host, origin, fetchSite }: RequestSource): boolean {
  // `none`: the user entered the address or opened a bookmark.
  if (fetchSite === 'same-origin' || fetchSite === 'none') return true;
  // Browsers send an Origin with every request that may change something, and with every one that a script may read.
  if (origin !== undefined) return host !== undefined && withoutDefaultPort(origin) === host.toLowerCase();
  // An image or a link on a page of the same site, but of another port: it changes nothing, and no script reads it.
  return fetchSite === undefined || (fetchSite === 'same-site' && (method === 'GET' || method === 'HEAD'));
}

const withoutDefaultPort = (origin: string): string | undefined =>
  /^https?:\/\/(.+)$/.exec(origin.toLowerCase())?.[1]?.replace(/:(?:80|443)$/, '');

/** The name in a Host header, without the port; undefined if the header is not a host. */
function nameOf(host: string | undefined): string | undefined {
  const [, name] = /^(\[[\da-f:.]+\]|[^\s:@/[\]]+)(?::\d{1,5})?$/i.exec(host ?? '') ?? [];
  return name === undefined ? undefined : plainName(name);
}

const plainName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');

const isLocalName = (name: string): boolean => name === 'localhost' || name.endsWith('.localhost');

/**
 * Names that the public DNS gives to nobody: those without a dot (Docker Compose, Kubernetes), multicast DNS and cluster.local,
 * names reserved for private networks, and Kubernetes' `<service>.<namespace>.svc`.
 */
const isPrivateName = (name: string): boolean =>
  !name.includes('.') || /\.(?:local|internal|svc|home\.arpa)$/.test(name);

/** Undefined for `null`, `*` and whatever is not the URL of a page. */
function originOf(url: string | undefined): string | undefined {
  const { origin, protocol } = (url !== undefined && URL.parse(url)) || {};
  return protocol === 'http:' || protocol === 'https:' ? origin : undefined;
}

const foreignHost = (host: string): GenwardenError =>
  new GenwardenError('ForeignHost', `The API has no host name ${JSON.stringify(host.slice(0, 100))}`);

function crossSite(origin: string | undefined): GenwardenError {
  const page = origin === undefined || origin === 'null' ? 'another site' : origin.slice(0, 100);
  return new GenwardenError('CrossSiteRequest', `A page of ${page} sent this request`);
}

// What the console knows about the installation and about the person who uses it.

import { catalogue, type ErrorCode } from '../../job/errors/index.ts';
import { standInPools } from '../../jobs/standIns.ts';
import { isLoopback } from '../../job/loopback.ts';
import { isoTime } from '../../job/time.ts';
import { scopes, type Principal, type Scope } from '../auth/principal.ts';
import type { ApiContext } from '../options.ts';

export interface SessionView {
  readonly installation: { readonly name: 'genwarden'; readonly version: string };
  readonly authentication: 'off' | 'required';
  /** How a person can sign in; empty without authentication. */
  readonly signIn: readonly ('token' | 'oidc')[];
  /** Null: the request has no valid token. */
  readonly principal: PrincipalView | null;
  /** Whether `POST /console/session/refresh` can replace the token, also after it has expired. */
  readonly renewable: boolean;
  /** Why the last sign-in at the issuer failed; told once. */
  readonly signInProblem: ProblemView | null;
  /** The pools for which a stand-in answers at present, and the providers that it answers for; null if there is none. */
  readonly standIn: { readonly providers: readonly string[]; readonly pools: readonly string[] } | null;
  /** `metrics`: only for a browser on the API's machine, as their port is hardly ever reached from elsewhere. */
  readonly links: { readonly docs: string; readonly api: string; readonly metrics?: string };
}

interface PrincipalView {
  readonly name: string;
  readonly tenant: string;
  /** All that are granted: `admin` of a Genwarden token includes the others. */
  readonly scopes: readonly Scope[];
  readonly expiresAt: string | null;
}

interface ProblemView extends Failure {
  readonly title: string;
  readonly hint: string;
}

interface Failure {
  readonly code: ErrorCode;
  readonly detail: string;
}

interface Known {
  readonly renewable?: boolean;
  readonly failure?: Failure | undefined;
  /** The API as the browser calls it, without the port. */
  readonly host: string;
}

type Parts = Pick<ApiContext, 'auth' | 'version' | 'issuerSignIn' | 'workers' | 'pools' | 'metricsUrl'>;

export function sessionView(
  parts: Parts,
  principal: Principal | undefined,
  { renewable = false, failure, host }: Known,
): SessionView {
  const { auth, version = '0.0.0', issuerSignIn } = parts;
  return {
    installation: { name: 'genwarden', version },
    authentication: auth === 'off' ? 'off' : 'required',
    signIn: auth === 'off' ? [] : issuerSignIn === undefined ? ['token'] : ['oidc', 'token'],
    principal: principal === undefined ? null : principalView(principal),
    renewable,
    signInProblem: failure === undefined ? null : problemView(failure),
    standIn: standInView(parts),
    // The second is relative to the root of the API.
    links: { docs: 'https://genwarden.dev/docs/', api: 'docs', ...metricsLink(parts, host) },
  };
}

function metricsLink({ metricsUrl }: Parts, host: string): { metrics?: string } {
  const url = metricsUrl === undefined ? null : URL.parse(metricsUrl);
  return url !== null && isLoopback(url.hostname) && isLoopback(host) ? { metrics: url.href } : {};
}

function standInView({ workers, pools: registry }: Parts): SessionView['standIn'] {
  const pools = [...standInPools(workers)];
  const providers = new Set(pools.flatMap((name) => registry.find(name)?.provider ?? []));
  return pools.length === 0 ? null : { providers: [...providers], pools };
}

function principalView({ id, name, tenant, scopes: granted, expiresAt }: Principal): PrincipalView {
  // In Kubernetes, each scope is a right for itself.
  const all = granted.includes('admin') && !id.startsWith('kubernetes:') ? scopes : granted;
  return { name, tenant, scopes: all, expiresAt: expiresAt === undefined ? null : isoTime(expiresAt) };
}

function problemView({ code, detail }: Failure): ProblemView {
  const { title, hint } = catalogue[code];
  return { code, title, detail, hint };
}

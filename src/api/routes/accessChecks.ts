// The checks of doctor about access: which tokens the API accepts, and from which pages browsers may call.

import { about } from '../../job/duration.ts';
import { clockTime, count } from '../../job/explain/format.ts';
import { failed, noted, passed, type Check } from '../../jobs/doctor/check.ts';
import type { IssuerStatus } from '../auth/oidc/issuerKeys.ts';
import type { ApiContext } from '../options.ts';

/** Asks the issuer for its keys unless that was done just now. Never throws. */
export async function accessChecks(context: ApiContext): Promise<Check[]> {
  const { auth, oidc, kubernetes } = context;
  return [
    tokens(auth, kubernetes !== undefined),
    ...(oidc === undefined ? [] : [issuer(await oidc.check())]),
    cors(context),
  ];
}

function cors({ corsOrigins, refusedOrigins }: ApiContext): Check {
  const allowed =
    corsOrigins.length === 0
      ? 'browsers may not call from other origins (GENWARDEN_CORS_ORIGINS is not set)'
      : `browsers may call from ${corsOrigins.join(', ')}`;
  const refused = refusedOrigins.recent();
  if (refused.length === 0) return passed('cors', allowed);
  const each = refused.map(
    ({ origin, requests, last }) => `${origin} (${count(requests, 'request')}, last ${clockTime(last)})`,
  );
  const wanted = [...corsOrigins, ...refused.map(({ origin }) => origin)].join(',');
  const advice = `If your pages run there, set GENWARDEN_CORS_ORIGINS=${wanted} and restart the API.`;
  return noted('cors', `${allowed}; refused in the last hour: ${each.join(', ')}`, advice);
}

function tokens(auth: ApiContext['auth'], withKubernetes: boolean): Check {
  if (auth === 'off') return passed('tokens', 'not required: every client acts as tenant default');
  const failure = auth.failure?.();
  if (failure !== undefined) {
    const says = `${failure.message} (since ${clockTime(failure.since)}); the previous tokens stay valid`;
    return failed('tokens', says, 'Correct the file: the API reads it again when it changes.');
  }
  return passed('tokens', withKubernetes ? 'required; Kubernetes tokens are accepted too' : 'required');
}

function issuer({ issuer: name, keys, age, failure, usableFor }: IssuerStatus): Check {
  const ago = age === undefined ? '' : `, read ${about(age)} ago`;
  if (failure === undefined) return passed('issuer', `${name} publishes ${count(keys, 'key')}${ago}`);
  const effect =
    usableFor === 0
      ? 'its tokens are refused'
      : `its last ${count(keys, 'key')} ${keys === 1 ? 'stays' : 'stay'} in use for ${about(usableFor)}`;
  return failed(
    'issuer',
    `${failure.message} (since ${clockTime(failure.since)}); ${effect}`,
    'Check GENWARDEN_OIDC_ISSUER, and that the API can connect to it. Other tokens still work.',
  );
}

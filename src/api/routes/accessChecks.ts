// The checks of doctor about access: which tokens the API accepts, and from which pages browsers may call.

import { formatDuration } from '../../job/duration.ts';
import { clockTime, count } from '../../job/explain/format.ts';
import { failed, passed, type Check } from '../../jobs/doctor.ts';
import type { IssuerStatus } from '../auth/oidc/issuerKeys.ts';
import type { ApiContext } from '../options.ts';

/** Asks the issuer for its keys unless that was done just now. Never throws. */
export async function accessChecks({ auth, oidc, kubernetes, corsOrigins }: ApiContext): Promise<Check[]> {
  const origins =
    corsOrigins.length === 0
      ? 'browsers may not call from other origins (GENWARDEN_CORS_ORIGINS is not set)'
      : `browsers may call from ${corsOrigins.join(', ')}`;
  const required = kubernetes === undefined ? 'required' : 'required; Kubernetes tokens are accepted too';
  return [
    passed('tokens', auth === 'off' ? 'not required: every client acts as tenant default' : required),
    ...(oidc === undefined ? [] : [issuer(await oidc.check())]),
    passed('cors', origins),
  ];
}

function issuer({ issuer: name, keys, age, failure, usableFor }: IssuerStatus): Check {
  const ago = age === undefined ? '' : `, read ${formatDuration(Math.round(age / 1_000) * 1_000)} ago`;
  if (failure === undefined) return passed('issuer', `${name} publishes ${count(keys, 'key')}${ago}`);
  const effect =
    usableFor === 0
      ? 'its tokens are refused'
      : `its last ${count(keys, 'key')} stay in use for ${formatDuration(Math.ceil(usableFor / 60_000) * 60_000)}`;
  return failed(
    'issuer',
    `${failure.message} (since ${clockTime(failure.since)}); ${effect}`,
    'Check GENWARDEN_OIDC_ISSUER, and that the API can connect to it. Other tokens still work.',
  );
}

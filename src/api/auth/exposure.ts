// Without tokens the API serves nobody but this machine, unless one says so aloud.

import { isIP } from 'node:net';
import { GenwardenError } from '../../job/errors.ts';

/** Throws `InvalidConfiguration` where the API would be open to others without tokens and without `GENWARDEN_AUTH=off`. */
export function refuseOpenExposure(settings: {
  readonly host: string;
  readonly auth: 'on' | 'off';
  readonly tokensFile: string | undefined;
}): void {
  if (settings.tokensFile !== undefined || settings.auth === 'off' || isLoopback(settings.host)) return;
  throw new GenwardenError(
    'InvalidConfiguration',
    `GENWARDEN_HTTP_HOST=${settings.host} would open the API to others without tokens: set GENWARDEN_AUTH_TOKENS_FILE ` +
      '(`genwarden token create` makes tokens), or GENWARDEN_AUTH=off to let anyone in',
  );
}

function isLoopback(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '');
  return isIP(address) === 4 ? address.startsWith('127.') : address === '::1' || address === 'localhost';
}

// The rate limit of a key as the provider sees it: requests in a sliding minute.

import type { Call } from '../../../support/badProvider/provider.ts';
import type { FastWorld } from './world.ts';

/** A call may take so long from its departure until the provider sees it, real ms: two calls may arrive that much closer. */
const mayTravel = 300;

/** The calls for which their key had no request left in the fast minute that ends with them. */
export function callsAboveLimit({ provider, fastAt, realMs, requestsPerMinute }: FastWorld): Call[] {
  const window = 60_000 * (1 - mayTravel / realMs(60_000));
  return provider.calls.filter((call) => {
    const since = fastAt(call.at) - window;
    const inWindow = ({ at, key }: Call): boolean => key === call.key && at <= call.at && fastAt(at) > since;
    return provider.calls.filter(inWindow).length > requestsPerMinute;
  });
}

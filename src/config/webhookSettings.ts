// The settings of webhooks: the secrets that sign them, and the internal receivers that they may reach.

import { isIP } from 'node:net';
import { z } from 'zod';
import { checked, list, path } from './forms.ts';
import { optional, optionalList, type Command } from './setting.ts';

const serving: readonly Command[] = ['api', 'dev'];

/** A host name, an address, or a network in CIDR notation. */
function isHostOrNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  if (prefix === undefined) return family !== 0 || /^[A-Za-z0-9_]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/.test(text);
  return rest.length === 0 && family !== 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128);
}

const hostOrNetwork = checked(
  isHostOrNetwork,
  'is not a host name, an address or a network',
  'a host name, an address, or a network such as 10.0.0.0/8',
  'host',
);

export const webhookSettings = z.object({
  secretsFile: optional(path, {
    name: 'WEBHOOK_SECRETS_FILE',
    description:
      'File of the secrets that sign webhooks, written by `genwarden webhooks secret create`; without it, submits with a webhook are refused',
    usedBy: serving,
  }),
  allow: optionalList(list(hostOrNetwork), {
    name: 'WEBHOOK_ALLOW',
    description:
      'Receivers of webhooks that may be in internal networks and use plain http (unset: none; in `dev`, this machine)',
    usedBy: serving,
  }),
});

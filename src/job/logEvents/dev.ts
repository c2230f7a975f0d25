// The log events of `genwarden dev`.

import { define } from './entry.ts';

export const devEvents = define({
  dev_ready: { level: 'info', fields: [], when: 'Everything has started.' },
  dev_stopping: { level: 'info', fields: [], when: 'A signal stops everything.' },
  console_listening: { level: 'info', fields: ['url'], when: 'The address of the console.' },
  nats_server_started: { level: 'info', fields: ['url', 'folder'], when: 'The nats-server of `dev` has started.' },
  nats_server_restarted: {
    level: 'warn',
    fields: [],
    when: 'The nats-server could not write to the full disk. It was restarted on the reserve for statuses.',
  },
  nats_server_restart_failed: {
    level: 'error',
    fields: ['err'],
    when: 'The nats-server did not restart on the full disk.',
  },
  disk_unchecked: { level: 'warn', fields: ['err'], when: 'The free space of the data folder cannot be read.' },
  standin_started: {
    level: 'info',
    fields: ['url'],
    when: 'No API key is set, so a stand-in of the provider generates the results.',
  },
  webhooks_signed: { level: 'info', fields: ['path'], when: 'Where the secret is with which webhooks are signed.' },
});

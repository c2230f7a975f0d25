// The log events of `genwarden dev`.

import { define } from './entry.ts';

export const devEvents = define({
  dev_ready: { level: 'info', fields: [], when: 'Everything has started.' },
  dev_pool: {
    level: 'info',
    fields: ['pool', 'worker', 'provider', 'standIn', 'join'],
    when: 'The worker of a pool, what answers its tasks, and the command with which another worker joins.',
  },
  dev_job: { level: 'info', fields: ['job', 'state'], when: 'A job has ended, or waits for a reviewer.' },
  dev_stopping: { level: 'info', fields: [], when: 'A signal stops everything.' },
  dev_stopped: {
    level: 'info',
    fields: ['openJobs', 'folder'],
    when: 'Everything has stopped. Open jobs continue at the next start.',
  },
  console_listening: { level: 'info', fields: ['url'], when: 'The address of the console.' },
  nats_server_installing: {
    level: 'info',
    fields: [],
    when: 'No nats-server was found, so one is downloaded or built once.',
  },
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

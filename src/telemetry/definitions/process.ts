// The metrics of every process.

import { gauge } from './define.ts';

export const processDefinitions = {
  natsConnected: gauge('genwarden_nats_connected', '1 while this process is connected to NATS'),
  storageFull: gauge('genwarden_storage_full', '1 while this process knows that this storage is full', ['place']),
  artifactBytes: gauge('genwarden_artifact_bytes_under_way', 'Bytes of artifacts on their way from or to the store', [
    'direction',
  ]),
  artifactsWaiting: gauge('genwarden_artifact_transfers_waiting', 'Transfers of artifacts that wait for their turn', [
    'direction',
  ]),
  buildInfo: gauge('genwarden_build_info', 'Always 1; the labels identify the build', ['version', 'node', 'process']),
} as const;

// The codes that stop a process or a command.

import { again, define, final } from './entry.ts';

/** What stops a process or a command. */
export const processErrors = define({
  InvalidConfiguration: {
    ...final,
    title: 'Settings are wrong',
    hint: 'Correct what the message lists; `genwarden config` shows every setting.',
  },
  InvalidPolicy: {
    ...final,
    title: 'A policy value is out of bounds',
    hint: 'See the message for the value and its bounds.',
  },
  NatsUnreachable: {
    ...again,
    title: 'NATS cannot be reached',
    hint: 'Check GENWARDEN_NATS_URL and that nats-server runs with JetStream.',
  },
  NatsTooOld: { ...final, title: 'The NATS server is too old', hint: 'Upgrade nats-server to 2.12 or newer.' },
  NatsUnsuitable: {
    ...final,
    title: 'The stream or bucket in NATS has unsuitable settings',
    hint: 'Change the setting that the message names, or use another GENWARDEN_NATS_PREFIX.',
  },
  NatsPermissionDenied: {
    ...final,
    title: 'The NATS user lacks a permission',
    hint: 'Give the user of this process what the message names; docs/security.md says what each process needs.',
  },
  ClusterUnreachable: {
    ...again,
    title: 'The Kubernetes API server cannot be reached',
    hint: 'Check the kubeconfig and its context; `kubectl get pods` should work.',
  },
  ClusterForbidden: {
    ...final,
    title: 'The Kubernetes user may not do this',
    hint: 'Have the right bound to the user that the message names, or reach the API by --url with --token.',
  },
  InstallationNotFound: {
    ...final,
    title: 'No Genwarden was found in the cluster',
    hint: 'Name its namespace with --installation-namespace, or give the address of its API with --url.',
  },
  WorkerLogGone: {
    ...final,
    title: "The log is gone with the worker's pod",
    hint: 'Look where the cluster gathers its logs; `explain` and `history` tell what happened.',
  },
  NatsServerMissing: {
    ...final,
    title: 'No nats-server binary was found',
    hint: 'Run `make setup`, or set GENWARDEN_NATS_SERVER.',
  },
  DataDirInUse: {
    ...final,
    title: 'Another `genwarden dev` uses the data folder',
    hint: 'Stop the other one, or choose another folder with GENWARDEN_DATA_DIR.',
  },
  PortInUse: {
    ...final,
    title: 'The port is taken',
    hint: 'Stop the other program or choose another port with the setting that the message names.',
  },
  CustomResourcesMissing: {
    ...again,
    title: 'The cluster has no such custom resource',
    hint: 'Install the chart with `crds.enabled`, or apply the definitions in `charts/genwarden/files/crds`; the operator goes on by itself.',
  },
  UsageError: { ...final, title: 'The command line is not understood', hint: 'See --help.' },
  ServerUnreachable: {
    ...again,
    title: 'The Genwarden API cannot be reached',
    hint: 'Check GENWARDEN_URL and that `genwarden api` runs.',
  },
});

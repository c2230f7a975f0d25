// The error codes with which a process or a command stops.

import { again, define, final } from './entry.ts';

export const processErrors = define({
  InvalidConfiguration: {
    ...final,
    title: 'The configuration is invalid',
    hint: 'Correct every setting that the message lists. `genwarden config` shows all settings.',
  },
  InvalidPolicy: {
    ...final,
    title: 'A policy value is out of bounds',
    hint: 'Set the value within the bounds that the message gives.',
  },
  NatsUnreachable: {
    ...again,
    title: 'NATS cannot be reached',
    hint: 'Check GENWARDEN_NATS_URL, and check that nats-server runs with JetStream.',
  },
  NatsTooOld: {
    ...final,
    title: 'The NATS server is too old',
    hint: 'Upgrade nats-server to 2.12 or later.',
  },
  NatsUnsuitable: {
    ...final,
    title: 'A stream or bucket in NATS has incompatible settings',
    hint: 'Change the setting that the message names, or use another GENWARDEN_NATS_PREFIX.',
  },
  NatsPermissionDenied: {
    ...final,
    title: 'The NATS user lacks a permission',
    hint: 'Grant the user the permission that the message names. docs/security.md lists what each process needs.',
  },
  ClusterUnreachable: {
    ...again,
    title: 'The Kubernetes API server cannot be reached',
    hint: 'Check the kubeconfig and its current context: `kubectl get pods` should work.',
  },
  ClusterForbidden: {
    ...final,
    title: 'The Kubernetes user lacks a permission',
    hint: 'Bind the permission to the user that the message names, or connect to the API directly with --url and --token.',
  },
  SourceNotFound: {
    ...final,
    title: 'A ConfigMap or Secret that the GenerationJob names does not exist, or lacks the entry',
    hint: 'Create it in the namespace of the GenerationJob; the operator looks again every few seconds.',
  },
  SourceForbidden: {
    ...final,
    title: 'The operator may not read a ConfigMap or Secret that the GenerationJob names',
    hint: 'Set operator.readReferences in the chart, or bind a Role that allows get on it to the service account of the operator.',
  },
  InstallationNotFound: {
    ...final,
    title: 'The cluster has no Genwarden installation',
    hint: 'Name the namespace of the installation with --installation-namespace, or the address of its API with --url.',
  },
  WorkerLogGone: {
    ...final,
    title: "The log was deleted with the worker's pod",
    hint: "Search the cluster's log collection. `genwarden explain` and the job's history show what happened.",
  },
  NatsServerMissing: {
    ...final,
    title: 'No nats-server binary was found',
    hint: 'Install it (`brew install nats-server`, or https://nats.io/download), name a binary with --nats-server, or use a running server with --nats-url.',
  },
  DataDirInUse: {
    ...final,
    title: 'Another `genwarden dev` is using the data folder',
    hint: 'Stop the other process, or choose another folder with GENWARDEN_DATA_DIR.',
  },
  DataDirNewer: {
    ...final,
    title: 'A newer version of Genwarden used the data folder',
    hint: 'Run that version or a newer one, or choose another folder with GENWARDEN_DATA_DIR.',
  },
  DataDirNotWritable: {
    ...final,
    title: 'The data folder cannot be used',
    hint: 'Give this user the right to write to the folder, or choose another one with GENWARDEN_DATA_DIR.',
  },
  DiskFull: {
    ...again,
    title: 'The disk is full',
    hint: 'Free space on the disk that the message names, or choose a folder on another disk. Then run the command again.',
  },
  PortInUse: {
    ...final,
    title: 'A port is in use',
    hint: 'Stop the program that uses the port, or choose another port with the command or the setting that the message names.',
  },
  CustomResourcesMissing: {
    ...again,
    title: "The cluster lacks Genwarden's custom resource definitions",
    hint: 'Install the chart with `crds.enabled`, or apply the definitions in `charts/genwarden/files/crds`. The operator continues as soon as they exist.',
  },
  UsageError: {
    ...final,
    title: 'The command line is invalid',
    hint: 'Run the command with --help to see its arguments and flags.',
  },
  AmbiguousId: {
    ...final,
    title: 'Several ids begin with what was given',
    hint: 'Give more characters of the id.',
  },
  ServerUnreachable: {
    ...again,
    title: 'The Genwarden API cannot be reached',
    hint: 'Check GENWARDEN_URL, and check that `genwarden api` is running.',
  },
});

// The log events of the operator and of its connection to the Kubernetes API.

import { define } from './entry.ts';

export const operatorEvents = define({
  operator_started: {
    level: 'info',
    fields: ['operator', 'namespace', 'watchNamespaces'],
    when: 'An operator has started; it may not lead.',
  },
  kubernetes_connected: {
    level: 'info',
    fields: ['server'],
    when: 'The operator knows the address of the API server.',
  },
  resource_controller_started: {
    level: 'info',
    fields: ['controller'],
    when: 'The leading operator reconciles a kind of resource.',
  },
  resource_controller_start_failed: {
    level: 'warn',
    fields: ['controller', 'err'],
    when: 'The operator cannot reconcile a kind of resource yet.',
  },
  resource_reconcile_failed: {
    level: 'warn',
    fields: ['controller', 'resource', 'failures', 'err'],
    when: 'A reconcile failed and is retried. Written for the failures 1, 2, 4, 8, …',
  },
  reconciles_unfinished: {
    level: 'error',
    fields: ['controller', 'keys'],
    when: 'Reconciles still ran when the term of the leading operator ended.',
  },
  namespace_of_two_installations: {
    level: 'warn',
    fields: ['namespace', 'other', 'installation'],
    when: 'Another installation runs GenerationJobs of a namespace that this one watches too. Each job runs once. Written once for each namespace and installation.',
  },
  definitions_outdated: {
    level: 'error',
    fields: [],
    when: 'A CustomResourceDefinition is older than the operator, and drops a field that it needs.',
  },
  serving_certificate_renewed: {
    level: 'info',
    fields: ['resource', 'why'],
    when: 'The operator made a certificate for the aggregated API of jobs.',
  },
  default_pool_applied: {
    level: 'info',
    fields: ['pool'],
    when: 'The operator applied the default pool of the chart, or left it unchanged.',
  },
  secret_ensured: {
    level: 'info',
    fields: ['resource', 'count'],
    when: 'A Secret that no value of the chart names was created, got missing entries, or was complete. Counts the entries.',
  },
  secrets_not_ensured: {
    level: 'error',
    fields: ['err'],
    when: 'The Secrets that no value of the chart names could not be created; the operator does not start.',
  },
  pool_deployment_changed: {
    level: 'info',
    fields: ['pool', 'replicas'],
    when: 'The operator created or changed the Deployment of a pool.',
  },
  pool_removed: { level: 'info', fields: ['pool'], when: 'A WorkerPool was deleted, so its pool was removed.' },
  kubernetes_event_failed: {
    level: 'warn',
    fields: ['reason', 'err'],
    when: 'A Kubernetes event could not be recorded.',
  },
  kubernetes_unreachable: {
    level: 'warn',
    fields: ['source', 'failures', 'err'],
    when: 'A resource cannot be read from the API server. Written for the failures 1, 2, 4, 8, …',
  },
  kubernetes_reachable: { level: 'info', fields: ['source'], when: 'The resource can be read again.' },
  informer_failed: {
    level: 'error',
    fields: ['source', 'err'],
    when: 'An informer failed unexpectedly and starts again. It points to a bug.',
  },
  watch_failed: { level: 'warn', fields: ['source', 'err'], when: 'A watch failed unexpectedly. It starts again.' },
  list_failed: { level: 'warn', fields: ['source', 'err'], when: 'A periodic list failed. The next one follows.' },
  watch_missed_changes: {
    level: 'warn',
    fields: ['source', 'count'],
    when: 'A periodic list found changes that the watch missed. The watch starts again.',
  },
  objects_ignored: { level: 'warn', fields: ['source', 'count'], when: 'A list had malformed objects.' },
  change_handler_failed: {
    level: 'error',
    fields: ['type', 'err'],
    when: 'The handling of a changed resource failed. It points to a bug.',
  },
});

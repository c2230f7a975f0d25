// Metrics that several kinds of processes export.

import { counter, gauge } from './define.ts';

export const overdueTasks = gauge(
  'genwarden_overdue_tasks',
  'Open tasks past their dueAt; if it stays above 0, no controller acts on them',
  ['pool'],
);

export const fallbacks = counter('genwarden_fallbacks_total', 'Tasks that moved to another target, by cause', [
  'pool',
  'to_pool',
  'cause',
]);

export const leader = gauge('leader_election_master_status', '1 in the leading process', ['name']);

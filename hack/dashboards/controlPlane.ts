// The processes of the installation: leaders, NATS, storage, the HTTP API, webhooks, and the operator.

import { row, type Board } from './board.ts';
import { badBelow, badFrom, neutral, worseFrom, type Steps } from './colours.ts';
import { operator } from './operatorRow.ts';
import { areas, bars, lines, number, states } from './panels.ts';
import {
  aboveZero,
  byProcess,
  greatest,
  inRange,
  level,
  of,
  orZero,
  perMinute,
  quantile,
  total,
  typicalAndSlow,
} from './queries.ts';

const exactlyOne: Steps = [
  [null, 'red'],
  [1, 'green'],
  [2, 'red'],
];

const now = row('Now', [
  number('Leading controllers', {
    description: 'Must be 1. Without a leader, lost and overdue tasks are not recovered.',
    link: 'GenwardenNoLeader',
    unit: 'short',
    steps: exactlyOne,
    queries: [['', total('', 'leader_election_master_status', 'name="controller"')]],
  }),
  number('Leading operators', {
    description: 'Must be 1 if the operator is installed.',
    link: 'GenwardenNoLeader',
    unit: 'short',
    steps: exactlyOne,
    queries: [['', total('', 'leader_election_master_status', 'name="operator"')]],
    nothing: 'Not installed',
  }),
  number('Connected to NATS', {
    description: 'Share of the processes that are connected to NATS.',
    link: 'GenwardenNatsAway',
    unit: 'percentunit',
    steps: badBelow(1),
    queries: [['', `avg (${of('genwarden_nats_connected')})`]],
  }),
  number('Clock offset', {
    description: 'Difference between the clocks of the controller and of NATS, whichever is ahead.',
    link: 'GenwardenClockSkew',
    unit: 's',
    steps: worseFrom(0.5, 1),
    queries: [['', `max (abs(${of('genwarden_clock_offset_seconds')}))`]],
  }),
  number('Storage used', {
    description: 'The stream as a share of its limit. From 85 % on, submits are refused. 0 without a limit.',
    link: 'GenwardenStorageFilling',
    unit: 'percentunit',
    steps: worseFrom(0.7, 0.85),
    queries: [
      [
        '',
        `${level('', 'genwarden_jetstream_storage_bytes')} / (${level('', 'genwarden_jetstream_storage_limit_bytes')} > 0) or 0 * ${level('', 'genwarden_jetstream_storage_bytes')}`,
      ],
    ],
  }),
  number('Dead webhooks', {
    description: 'Deliveries of webhooks that were given up.',
    link: 'GenwardenWebhooksDead',
    unit: 'short',
    steps: badFrom(1),
    queries: [['', level('', 'genwarden_webhook_dead')]],
  }),
]);

const processes = row('Processes', [
  states('Leader', {
    description: 'Which process leads. A change should leave no gap longer than some seconds.',
    link: 'GenwardenNoLeader',
    unit: 'short',
    words: ['Standby', 'Leads'],
    steps: [
      [null, 'gray'],
      [1, 'green'],
    ],
    queries: [['{{name}} {{pod}}', greatest('name, pod', 'leader_election_master_status')]],
  }),
  states('Connection to NATS', {
    description: 'Whether all processes of a kind are connected to NATS.',
    link: 'GenwardenNatsAway',
    unit: 'short',
    words: ['Away', 'Connected'],
    steps: badBelow(1),
    queries: [['{{process}}', byProcess('min', of('genwarden_nats_connected'))]],
  }),
  bars('Processes by version', {
    description: 'Which versions run side by side.',
    link: 'kubernetes-operations.md#upgrade-and-rollback',
    unit: 'short',
    steps: neutral,
    queries: [['{{process}} {{version}}', `count by (process, version) (${of('genwarden_build_info')})`]],
  }),
  lines('CPU', {
    description: 'Processor time a second, of the busiest process of each kind.',
    link: 'kubernetes-production.md',
    unit: 'short',
    queries: [['{{process}}', byProcess('max', `rate(${of('process_cpu_seconds_total')}[$__rate_interval])`)]],
  }),
  lines('Memory', {
    description: 'Resident memory of the largest process of each kind. Compare with the limits of the pods.',
    link: 'operations.md#memory-of-workers',
    unit: 'bytes',
    queries: [['{{process}}', byProcess('max', of('process_resident_memory_bytes'))]],
  }),
  lines('Delay of the event loop, p99', {
    description: 'Of the slowest process of each kind. A worker that blocks for seconds looks dead.',
    link: 'metrics.md#every-process',
    unit: 's',
    steps: worseFrom(0.1, 1),
    queries: [['{{process}}', byProcess('max', of('nodejs_eventloop_lag_p99_seconds'))]],
  }),
]);

const controller = row('Controller', [
  areas('Reconciliations by rule', {
    description: 'Verdicts a minute that the leading controller wrote. See which rule rises.',
    link: 'never-stuck.md',
    unit: 'suffix:/min',
    queries: [
      [
        '{{rule}}',
        aboveZero(perMinute('rule', 'genwarden_reconciliations_total', 'verdict="written"'), 'controller', 'rule'),
      ],
    ],
  }),
  lines('Verdicts that were not written', {
    description: 'Refused: the task had changed meanwhile, which is harmless. Failed: NATS did not store it.',
    link: 'lifecycle.md#concurrent-writes',
    unit: 'suffix:/min',
    queries: [
      ['refused', orZero(perMinute('', 'genwarden_reconciliations_total', 'verdict="refused"'), 'controller')],
      ['failed', orZero(perMinute('', 'genwarden_reconciliations_total', 'verdict="failed"'), 'controller')],
    ],
  }),
  bars('Violated invariants', {
    description: 'Must stay empty. Any is a bug: save the log of the controller and report it.',
    link: 'GenwardenInvariantViolated',
    unit: 'short',
    steps: badFrom(1),
    queries: [
      [
        '{{invariant}}',
        aboveZero(inRange('invariant', 'genwarden_invariant_violations_total'), 'controller', 'invariant'),
      ],
    ],
  }),
]);

const api = row('API', [
  areas('HTTP requests by code', {
    description: 'Requests a minute. Event streams and waiting requests are not included.',
    link: 'http.md',
    unit: 'suffix:/min',
    queries: [['{{code}}', orZero(perMinute('code', 'genwarden_http_request_duration_seconds_count'), 'api', 'code')]],
  }),
  lines('Response time', {
    description: 'Of the requests of the last five minutes.',
    link: 'http.md',
    unit: 's',
    steps: badFrom(1),
    queries: [
      ...typicalAndSlow('', 'genwarden_http_request_duration_seconds'),
      ['p99', quantile(0.99, '', 'genwarden_http_request_duration_seconds')],
    ],
    nothing: 'No request yet',
  }),
  areas('Refused submits by code', {
    description: 'Submits a minute that the API refused, by the code that it answered.',
    link: 'errors.md',
    unit: 'suffix:/min',
    queries: [['{{code}}', aboveZero(perMinute('code', 'genwarden_submits_refused_total'), 'api', 'code')]],
  }),
  lines('Event streams', {
    description: 'Open event streams of all API processes.',
    link: 'http.md',
    unit: 'short',
    queries: [['streams', total('', 'genwarden_event_streams')]],
  }),
  states('Sources of tokens', {
    description: 'While a source cannot be read, the tokens or keys that were read last stay in use.',
    link: 'GenwardenAuthSourceDown',
    unit: 'short',
    words: ['Unreadable', 'Read'],
    steps: badBelow(1),
    queries: [['{{source}}', `min by (source) (${of('genwarden_auth_source_up')})`]],
    nothing: 'No tokens file and no issuer',
  }),
  lines('Waiting transfers', {
    description: 'Transfers of artifacts that wait for their turn. If they stay above 0, add API replicas.',
    link: 'operations.md#many-large-downloads',
    unit: 'short',
    queries: [['{{direction}}', total('direction', 'genwarden_artifact_transfers_waiting')]],
  }),
]);

const webhooks = row('Webhooks', [
  areas('Deliveries by outcome', {
    description: 'Attempts a minute to deliver a webhook.',
    link: 'webhooks.md',
    unit: 'suffix:/min',
    queries: [['{{outcome}}', perMinute('outcome', 'genwarden_webhook_deliveries_total')]],
  }),
  lines('Pending and dead deliveries', {
    description:
      'Pending ones are sent or retried later. Dead ones were given up: replay them once the receiver works.',
    link: 'GenwardenWebhooksDead',
    unit: 'short',
    queries: [
      ['pending', level('', 'genwarden_webhook_pending')],
      ['dead', level('', 'genwarden_webhook_dead')],
    ],
  }),
  lines('Event to delivery', {
    description: 'From the event to the delivery that the receiver accepted, retries included.',
    link: 'webhooks.md',
    unit: 's',
    steps: badFrom(60),
    queries: typicalAndSlow('', 'genwarden_webhook_delivery_delay_seconds'),
    nothing: 'No delivery yet',
  }),
]);

const storage = row('Storage', [
  lines('Stream and its limit', {
    description: 'Bytes in the stream. From 85 % of the limit on, submits are refused.',
    link: 'GenwardenStorageFilling',
    unit: 'bytes',
    queries: [
      ['stored', level('', 'genwarden_jetstream_storage_bytes')],
      ['limit', `${level('', 'genwarden_jetstream_storage_limit_bytes')} > 0`],
    ],
  }),
  states('Full storage', {
    description: 'Storage that takes nothing, as the processes know it.',
    link: 'GenwardenStorageFull',
    unit: 'short',
    words: ['Room', 'Full'],
    steps: badFrom(1),
    queries: [['{{place}}', aboveZero(greatest('place', 'genwarden_storage_full'), 'api', 'place')]],
  }),
  areas('Artifact requests by outcome', {
    description: 'Requests a minute of workers to the artifact store. Failed writes delay results.',
    link: 'artifacts.md',
    unit: 'suffix:/min',
    queries: [['{{outcome}}', perMinute('outcome', 'genwarden_artifact_store_requests_total')]],
  }),
]);

export const controlPlane: Board = {
  name: 'control-plane',
  title: 'Control plane',
  description: 'The processes of the installation: leaders, NATS, storage, the HTTP API, webhooks, and the operator.',
  variables: [],
  rows: [now, processes, controller, api, webhooks, storage, operator],
};

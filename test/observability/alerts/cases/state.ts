// Cases of the alerts on keys, providers, processes and storage: each just long enough, and just too short or too little.

import {
  during,
  fires,
  gauge,
  inPool,
  lastOf,
  ofApi,
  ofLeader,
  ofPool,
  ofStandby,
  stale,
  type AlertCase,
  type Values,
} from '../alertCase.ts';

const keys = (state: string): string => ofPool('genwarden_keys', `state="${state}"`);
const waiting = ofPool('genwarden_tasks', 'state="waiting"');
const cooling = (minutes: number): Record<string, Values> => ({
  [keys('ready')]: during(2, 0, minutes),
  [keys('cooling')]: during(0, 2, minutes),
});
const keysExhausted: readonly AlertCase[] = [
  {
    what: 'all cool down for 5 minutes',
    series: cooling(6),
    atMinute: lastOf(6),
    fires: fires(inPool, 'No API key of pool default can be used'),
  },
  { what: 'all cool down for less than 5 minutes', series: cooling(5), atMinute: lastOf(5), fires: [] },
  {
    what: 'all cool down, but nothing waits',
    series: { ...cooling(20), [waiting]: gauge([30, 0]) },
    atMinute: lastOf(20),
    fires: [],
  },
  {
    what: 'all are busy',
    series: { [keys('ready')]: gauge([30, 0]), [keys('busy')]: gauge([30, 2]) },
    atMinute: 29,
    fires: [],
  },
  { what: 'a pool without keys', series: { [keys('ready')]: gauge([30, 0]) }, atMinute: 29, fires: [] },
];

const keysRefused: readonly AlertCase[] = [
  {
    what: 'one, for a minute',
    series: { [keys('refused')]: during(0, 1, 2) },
    atMinute: lastOf(2),
    fires: fires(inPool, 'API keys of pool default that the provider rejects: 1'),
  },
  {
    what: 'one, for less than a minute',
    series: { [keys('refused')]: during(0, 1, 1) },
    atMinute: lastOf(1),
    fires: [],
  },
];

const outage = ofPool('genwarden_provider_outage', 'model="gemini"');
const providerOutage: readonly AlertCase[] = [
  {
    what: 'for 5 minutes',
    series: { [outage]: during(0, 1, 6) },
    atMinute: lastOf(6),
    fires: fires(
      { ...inPool, model: 'gemini' },
      'The provider has failed for every task of model gemini in pool default for 5 minutes',
    ),
  },
  { what: 'for less than 5 minutes', series: { [outage]: during(0, 1, 5) }, atMinute: lastOf(5), fires: [] },
];

const leads = 'name="controller"';
const first = ofLeader('leader_election_master_status', leads);
const second = ofStandby('leader_election_master_status', leads);
const noLeaderSummary = 'The number of leading controllers is not 1';
const noLeader: readonly AlertCase[] = [
  {
    what: 'none leads for a minute',
    series: { [first]: during(1, 0, 2) },
    atMinute: lastOf(2),
    fires: fires({ namespace: 'genwarden' }, noLeaderSummary),
  },
  {
    what: 'none leads for less than a minute',
    series: { [first]: during(1, 0, 1) },
    atMinute: lastOf(1),
    fires: [],
  },
  {
    what: 'none leads for less than a minute, then the other one does',
    series: { [first]: gauge([6, 1], [20, 0]), [second]: gauge([7, 0], [20, 1]) },
    atMinute: 10,
    fires: [],
  },
  {
    what: 'both lead for a minute',
    series: { [second]: during(0, 1, 2) },
    atMinute: lastOf(2),
    fires: fires({ namespace: 'genwarden' }, noLeaderSummary),
  },
  {
    what: 'all controllers end, one minute after the leader lost its lead',
    series: {
      [first]: `${gauge([6, 1], [1, 0])} ${stale(5)}`,
      [second]: `${gauge([7, 0])} ${stale(5)}`,
    },
    atMinute: 7,
    fires: fires({ namespace: 'genwarden' }, noLeaderSummary),
  },
  {
    what: 'nothing of Genwarden is scraped any more',
    series: { genwarden_: undefined, leader_: undefined, [ofApi('up')]: gauge([3, 0]) },
    atMinute: 2,
    fires: fires({}, noLeaderSummary),
  },
];

const connected = ofApi('genwarden_nats_connected');
const natsAway: readonly AlertCase[] = [
  {
    what: 'for a minute',
    series: { [connected]: during(1, 0, 2) },
    atMinute: lastOf(2),
    fires: fires({ namespace: 'genwarden', pod: 'api-0', instance: 'api-0:8083' }, 'api-0 is not connected to NATS'),
  },
  { what: 'for less than a minute', series: { [connected]: during(1, 0, 1) }, atMinute: lastOf(1), fires: [] },
];

const offset = ofLeader('genwarden_clock_offset_seconds');
const clockSkew: readonly AlertCase[] = [
  ...[1.1, -1.1].map((seconds) => ({
    what: `${seconds} s for 5 minutes`,
    series: { [offset]: during(0, seconds, 6) },
    atMinute: lastOf(6),
    fires: fires({ namespace: 'genwarden' }, 'The clocks of NATS and the controller differ by 1.1s'),
  })),
  { what: '0.9 s', series: { [offset]: gauge([30, 0.9]) }, atMinute: 29, fires: [] },
  { what: '1.1 s for less than 5 minutes', series: { [offset]: during(0, 1.1, 5) }, atMinute: lastOf(5), fires: [] },
];

const dead = ofApi('genwarden_webhook_deliveries_total', 'outcome="dead"');
const webhooksDead: readonly AlertCase[] = [
  {
    what: 'one just now',
    series: { [dead]: gauge([60, 0], [1, 1]) },
    atMinute: 60,
    fires: fires({ namespace: 'genwarden' }, 'Webhook deliveries were given up in the last hour'),
  },
  { what: 'one over an hour ago', series: { [dead]: gauge([60, 0], [62, 1]) }, atMinute: 121, fires: [] },
];

const source = ofApi('genwarden_auth_source_up', 'source="oidc"');
const authSourceDown: readonly AlertCase[] = [
  {
    what: 'for 10 minutes',
    series: { [source]: during(1, 0, 11) },
    atMinute: lastOf(11),
    fires: fires({ namespace: 'genwarden', source: 'oidc' }, 'The API cannot read its source of tokens (oidc)'),
  },
  { what: 'for less than 10 minutes', series: { [source]: during(1, 0, 10) }, atMinute: lastOf(10), fires: [] },
];

const bytes = ofLeader('genwarden_jetstream_storage_bytes');
const limit = ofLeader('genwarden_jetstream_storage_limit_bytes');
const storageFilling: readonly AlertCase[] = [
  {
    what: '71 % for 15 minutes',
    series: { [bytes]: during(1e9, 7.1e9, 16) },
    atMinute: lastOf(16),
    fires: fires({ namespace: 'genwarden' }, 'The stream uses 71% of its storage'),
  },
  { what: '70 %', series: { [bytes]: gauge([60, 7e9]) }, atMinute: 59, fires: [] },
  {
    what: '71 % for less than 15 minutes',
    series: { [bytes]: during(1e9, 7.1e9, 15) },
    atMinute: lastOf(15),
    fires: [],
  },
  { what: 'a stream without a limit', series: { [limit]: gauge([60, 0]) }, atMinute: 59, fires: [] },
];

const full = ofLeader('genwarden_storage_full', 'place="disk"');
const storageFull: readonly AlertCase[] = [
  {
    what: 'for a minute',
    series: { [full]: during(0, 1, 2) },
    atMinute: lastOf(2),
    fires: fires({ namespace: 'genwarden', place: 'disk' }, 'The storage is full: disk'),
  },
  { what: 'for less than a minute', series: { [full]: during(0, 1, 1) }, atMinute: lastOf(1), fires: [] },
];

export const stateCases: Readonly<Record<string, readonly AlertCase[]>> = {
  GenwardenKeysExhausted: keysExhausted,
  GenwardenKeysRefused: keysRefused,
  GenwardenProviderOutage: providerOutage,
  GenwardenNoLeader: noLeader,
  GenwardenNatsAway: natsAway,
  GenwardenClockSkew: clockSkew,
  GenwardenWebhooksDead: webhooksDead,
  GenwardenAuthSourceDown: authSourceDown,
  GenwardenStorageFilling: storageFilling,
  GenwardenStorageFull: storageFull,
};

// The metrics of each worker.

import { counter, gauge, histogram, lifetimeBuckets, tracedHistogram } from './define.ts';
import { fallbacks } from './shared.ts';

/** Seconds; delays of an event loop: 0.1 s is bad, and several seconds look like a dead process. */
const lagBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 6] as const;

export const workerDefinitions = {
  attempts: counter('genwarden_attempts_total', 'Attempts that ended', ['pool', 'provider', 'model', 'outcome']),
  attemptDuration: tracedHistogram(
    'genwarden_attempt_duration_seconds',
    'From claim to the end of the attempt',
    ['pool', 'provider', 'model', 'outcome'],
    lifetimeBuckets,
  ),
  providerRequests: counter('genwarden_provider_requests_total', 'Requests to a provider by response code', [
    'provider',
    'model',
    'code',
  ]),
  paidCalls: counter('genwarden_paid_calls_total', 'Calls that the provider bills, by the outcome of the attempt', [
    'pool',
    'provider',
    'model',
    'outcome',
  ]),
  cost: counter('genwarden_cost_total', "What calls cost, in the unit of the pool's prices", [
    'pool',
    'provider',
    'model',
  ]),
  fallbacks,
  resultChecks: counter('genwarden_result_checks_total', 'Checks of results', ['pool', 'outcome']),
  tokens: counter('genwarden_tokens_total', 'Tokens as counted by the provider', ['provider', 'model', 'direction']),
  keyCooldowns: counter('genwarden_key_cooldowns_total', 'Cooldowns of API keys', ['pool', 'cause']),
  slots: gauge('genwarden_slots', 'Slots of this worker by state', ['pool', 'state']),
  memoryInFlight: gauge('genwarden_worker_memory_in_flight_bytes', 'Memory that attempts have taken', ['pool']),
  memoryLimit: gauge('genwarden_worker_memory_limit_bytes', 'Memory that attempts may take', ['pool']),
  eventLoopLag: histogram('genwarden_event_loop_lag_seconds', 'How late the event loop ran a timer', [], lagBuckets),
  artifactStoreRequests: counter('genwarden_artifact_store_requests_total', 'Requests to the artifact store', [
    'operation',
    'outcome',
  ]),
} as const;

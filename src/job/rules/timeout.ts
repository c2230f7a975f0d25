// The failure that every timeout rule ends in.

import { blockError } from '../blockError.ts';
import { isKeyFailure, isProviderFailure, type keyFailures, type providerFailures } from '../errors/failureKinds.ts';
import { taskError, type TaskError } from '../errors/index.ts';
import { holdsUp, storageTitle } from '../storage.ts';
import type { Instant, OpenTask, Reason } from '../task.ts';
import { failed } from '../transitions.ts';
import type { World, Write } from './rule.ts';
import { blockOf } from './targetBlocked.ts';

/** Fails the task; the rule has the name of the error. */
export function failBy(code: TimeoutCode, task: OpenTask, message: string, now: Instant): Write {
  return { do: 'write', rule: code, state: failed(task, code, now), message, error: taskError(code, message) };
}

type TimeoutCode = 'DeadlineExceeded' | 'QueueTimeout' | 'ReviewTimeout' | 'RunTimeout';

/**
 * As `failBy`, but names full storage, or the provider's error, if the task ran out of time because of it: its target admits
 * no call at the moment, or its last attempt failed because of the provider or a key.
 */
export function failByOrBlock(code: TimeoutCode, task: OpenTask, message: string, world: World, now: Instant): Write {
  const storage = world.storage?.();
  if (storage !== undefined && holdsUp(storage, task.of.kind)) {
    return failBy(code, task, `${message}: ${storageTitle(storage)} (${storage.words})`, now);
  }
  const error = providerErrorOf(task, message, world, now);
  if (error === undefined) return failBy(code, task, message, now);
  return { do: 'write', rule: code, state: failed(task, error.code, now), message: error.message, error };
}

function providerErrorOf(task: OpenTask, message: string, world: World, now: Instant): TaskError | undefined {
  const block = task.state === 'queued' || task.state === 'running' ? blockOf(task, world) : undefined;
  // A running task's call is on its way: only an outage tells how it would end.
  const explains = task.state === 'queued' ? block?.code !== 'QueueTimeout' : block?.reason === 'ProviderOutage';
  if (block !== undefined && explains) {
    const error = blockError(block, task, now);
    return { ...error, message: `${message}: ${error.message}` };
  }
  if ((task.state !== 'queued' && task.state !== 'waiting') || !isProviderReason(task.reason)) return undefined;
  return taskError(task.reason, `${message}, after its last attempt ended with ${task.reason}`);
}

/** Why tasks wait for a provider or a key. A permission that one key lacks says nothing about the others. */
type ProviderReason = Exclude<(typeof providerFailures | typeof keyFailures)[number], 'PermissionDenied'>;

const isProviderReason = (reason: Reason): reason is ProviderReason =>
  isProviderFailure(reason) || (isKeyFailure(reason) && reason !== 'PermissionDenied');

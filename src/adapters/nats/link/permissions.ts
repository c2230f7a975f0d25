// What NATS lets this process's user do. The server is asked up front, so that a process without the right to create a
// stream waits for one that has it, and a follower picks a consumer name that it may use. Any other
// refusal by the server becomes an error with a code.

import { PermissionViolationError, type NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import { GenwardenError } from '../../../job/errors/index.ts';
import { logEvent } from '../../../job/logEvents/index.ts';
import { atMostEvery, type NatsLog } from './log.ts';

export interface Permissions {
  mayPublish(subject: string): boolean;
  /** The last tokens of allowed subjects that start with `prefix` and have exactly one more token, without wildcards. */
  allowedNames(prefix: string): readonly string[];
}

/** For a user without restrictions, or a server that does not answer: the server then refuses what it must. */
const unrestricted: Permissions = { mayPublish: () => true, allowedNames: () => [] };

/** NATS answers every user about itself, unless the permission to ask is missing. */
const userInfoSubject = '$SYS.REQ.USER.INFO';
const requestTimeout = 2_000;

/**
 * Never throws: without an answer, everything counts as allowed. Leaf nodes pass the request on, so that other servers answer as
 * well, about the connection between the servers: only the answer of this connection's server counts.
 */
export async function fetchPermissions(connection: NatsConnection): Promise<Permissions> {
  try {
    const options = { maxWait: requestTimeout, strategy: 'timer' } as const;
    for await (const message of await connection.requestMany(userInfoSubject, '', options)) {
      const { server, data } = userInfo.parse(message.json());
      if (server.id === connection.info?.server_id) return permissionsFrom(data.permissions?.publish ?? {});
    }
    return unrestricted;
  } catch {
    return unrestricted;
  }
}

const subjects = z.array(z.string()).default([]);
const publishPermissions = z.object({ allow: subjects.nullish(), deny: subjects.nullish() });
const userInfo = z.object({
  server: z.object({ id: z.string() }),
  data: z.object({ permissions: z.object({ publish: publishPermissions.nullish() }).nullish() }),
});

export function permissionsFrom({ allow, deny }: z.infer<typeof publishPermissions>): Permissions {
  const allowed = allow ?? [];
  const denied = deny ?? [];
  const anyCovers = (filters: readonly string[], subject: string): boolean =>
    filters.some((filter) => covers(filter, subject));
  return {
    mayPublish: (subject) => (allowed.length === 0 || anyCovers(allowed, subject)) && !anyCovers(denied, subject),
    allowedNames: (prefix) =>
      allowed.flatMap((filter) => {
        const name = filter.startsWith(`${prefix}.`) ? filter.slice(prefix.length + 1) : '';
        return name === '' || /[.*>]/.test(name) ? [] : [name];
      }),
  };
}

/** `*` matches one token, `>` at the end one or more. */
function covers(filter: string, subject: string): boolean {
  const wanted = filter.split('.');
  const tokens = subject.split('.');
  const open = wanted.at(-1) === '>';
  if (open ? tokens.length < wanted.length : tokens.length !== wanted.length) return false;
  const fixed = open ? wanted.slice(0, -1) : wanted;
  return fixed.every((token, index) => token === '*' || token === tokens[index]);
}

export interface Violation {
  readonly operation: 'publish' | 'subscription';
  readonly subject: string;
}

/** The permission violation among the causes of an error, if there is one. */
export function violationIn(error: unknown): Violation | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof PermissionViolationError) return { operation: cause.operation, subject: cause.subject };
  }
  return undefined;
}

export function permissionDenied({ operation, subject }: Violation, cause?: unknown): GenwardenError {
  const verb = operation === 'publish' ? 'publish to' : 'subscribe to';
  const options = { details: { operation, subject }, ...(cause === undefined ? {} : { cause }) };
  return new GenwardenError('NatsPermissionDenied', `NATS does not let this user ${verb} ${subject}.`, options);
}

export interface ViolationReports {
  report(violation: Violation): void;
  /** Calls back at each violation until the returned function is called. */
  onViolation(listener: (violation: Violation) => void): () => void;
}

const logAgainAfter = 60_000;
/** Inboxes have random names: the memory of what was logged is cleared before it grows without bound. */
const maxRemembered = 500;

/** Passes every violation to the listeners, and logs each one once a minute. */
export function violationReports(log: NatsLog): ViolationReports {
  const listeners = new Set<(violation: Violation) => void>();
  const logged = new Map<string, () => void>();
  return {
    report: (violation) => {
      for (const listener of listeners) listener(violation);
      const name = `${violation.operation} ${violation.subject}`;
      if (!logged.has(name)) {
        if (logged.size >= maxRemembered) logged.clear();
        logged.set(
          name,
          atMostEvery(logAgainAfter, () => logViolation(log, violation)),
        );
      }
      logged.get(name)!();
    },
    onViolation: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function logViolation(log: NatsLog, { operation, subject }: Violation): void {
  const { code, message, hint } = permissionDenied({ operation, subject });
  logEvent(log, 'nats_permission_denied', { code, operation, subject, hint }, message);
}

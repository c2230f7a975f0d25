// What this process's NATS user may publish: asked of the server, so that a process that may not create a stream waits for
// the one that may, and a follower takes a consumer's name that it is allowed, instead of trying what is refused.

import { PermissionViolationError, type NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import { GenwardenError } from '../../../job/errors/index.ts';

export interface Rights {
  mayPublish(subject: string): boolean;
  /** The last tokens that allowed subjects, which begin with `prefix` and have one token more, name; without wildcards. */
  namedAfter(prefix: string): readonly string[];
}

/** Of a user without restrictions, or whose server does not tell: the server then refuses what it must. */
const everyRight: Rights = { mayPublish: () => true, namedAfter: () => [] };

/** NATS answers every user about itself alone, unless the permission to ask is missing. */
const subject = '$SYS.REQ.USER.INFO';
const patience = 2_000;

/** Never throws: without an answer nothing is known to be forbidden. */
export async function askForRights(connection: NatsConnection): Promise<Rights> {
  try {
    const answer = await connection.request(subject, '', { timeout: patience });
    return rightsOf(userInfo.parse(answer.json()).data.permissions?.publish ?? {});
  } catch {
    return everyRight;
  }
}

const subjects = z.array(z.string()).default([]);
const publishRights = z.object({ allow: subjects.nullish(), deny: subjects.nullish() });
const userInfo = z.object({
  data: z.object({ permissions: z.object({ publish: publishRights.nullish() }).nullish() }),
});

export function rightsOf({ allow, deny }: z.infer<typeof publishRights>): Rights {
  const allowed = allow ?? [];
  const refused = deny ?? [];
  const fits = (filters: readonly string[], literal: string): boolean => filters.some((one) => covers(one, literal));
  return {
    mayPublish: (literal) => (allowed.length === 0 || fits(allowed, literal)) && !fits(refused, literal),
    namedAfter: (prefix) =>
      allowed.flatMap((one) => {
        const name = one.startsWith(`${prefix}.`) ? one.slice(prefix.length + 1) : '';
        return name === '' || /[.*>]/.test(name) ? [] : [name];
      }),
  };
}

/** `*` stands for one token, `>` at the end for one or more. */
function covers(filter: string, literal: string): boolean {
  const wanted = filter.split('.');
  const tokens = literal.split('.');
  const open = wanted.at(-1) === '>';
  if (open ? tokens.length < wanted.length : tokens.length !== wanted.length) return false;
  const fixed = open ? wanted.slice(0, -1) : wanted;
  return fixed.every((token, index) => token === '*' || token === tokens[index]);
}

export interface Denial {
  readonly operation: 'publish' | 'subscription';
  readonly subject: string;
}

/** The server's refusal inside of what a request failed with, if that is what it was. */
export function denialIn(error: unknown): Denial | undefined {
  for (let one = error; one instanceof Error; one = one.cause) {
    if (one instanceof PermissionViolationError) return { operation: one.operation, subject: one.subject };
  }
  return undefined;
}

export function denied({ operation, subject: what }: Denial, cause?: unknown): GenwardenError {
  const verb = operation === 'publish' ? 'publish to' : 'listen to';
  const options = { details: { operation, subject: what }, ...(cause === undefined ? {} : { cause }) };
  return new GenwardenError('NatsPermissionDenied', `NATS does not let this user ${verb} ${what}.`, options);
}

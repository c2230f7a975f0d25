// The exit codes of the command line. They are part of the public interface.

import { GenwardenError } from '../job/errors/index.ts';

export const exitCodes = {
  done: 0,
  jobFailed: 1,
  usage: 2,
  stuck: 3,
  unreachable: 4,
  needsReview: 5,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

/** The exit code for an error that ends a command. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof GenwardenError)) return exitCodes.jobFailed;
  switch (error.code) {
    case 'UsageError':
    case 'AmbiguousId':
    case 'InvalidConfiguration':
      return exitCodes.usage;
    case 'ServerUnreachable':
    case 'NatsUnreachable':
    case 'ClusterUnreachable':
    case 'InstallationNotFound':
      return exitCodes.unreachable;
    default:
      return exitCodes.jobFailed;
  }
}

/** The exit code for a request that the API refused: it may be unable to answer before NATS is back, or its index current. */
export const exitCodeOfAnswer = (code: string): number =>
  code === 'Unavailable' || code === 'NotReady' ? exitCodes.unreachable : exitCodes.jobFailed;

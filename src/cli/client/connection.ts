// How a client command reaches the API: by the settings, or by whatever stands in for them.

import type { Command } from 'commander';
import type { ClientOptions } from '../../client/index.ts';
import type { GenwardenError } from '../../job/errors/index.ts';

export interface Connection {
  readonly options: ClientOptions;
  /** The API in words, for messages. */
  readonly where: string;
  /** Why nothing answers, where that is known better than by the request that failed. */
  whyAway?(): GenwardenError | undefined;
  close?(): Promise<void>;
}

/** Opens the connection that the command's flags ask for. */
export type Connect = (command: Command) => Promise<Connection>;

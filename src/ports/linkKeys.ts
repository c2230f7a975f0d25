// The keys that sign links to jobs. All API processes of an installation share them, so that each can check every link.

import type { LinkKey } from '../job/linkKeys.ts';

export interface LinkKeys {
  /**
   * The key that signs new links: made on first use, and replaced now and then. Throws `Unavailable`, `StorageFull`, or
   * `NotReady` while the place for the keys is missing.
   */
  current(): Promise<LinkKey>;
  /** The key with this id; undefined for one that was removed or never existed. Throws as `current` does. */
  find(id: string): Promise<LinkKey | undefined>;
}

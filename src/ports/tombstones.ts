// What became of resources that were deleted on purpose and may be created again unchanged.

export interface Tombstones {
  /** The text that was stored last; undefined if there is none, or it is older than the retention. Throws `Unavailable`. */
  find(key: string): Promise<string | undefined>;
  /** Replaces the text. Resolves once it is stored. Throws `Unavailable` and `StorageFull`. */
  put(key: string, text: string): Promise<void>;
  /** As if nothing had been stored. Throws `Unavailable` and `StorageFull`. */
  clear(key: string): Promise<void>;
}

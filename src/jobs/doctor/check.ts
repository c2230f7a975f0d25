// One check of an installation.

export interface Check {
  /** What was checked. */
  readonly name: string;
  readonly ok: boolean;
  /** What was found. */
  readonly says: string;
  /** What to do; null if nothing needs doing. Of a check that passed: what to know, or what to do before it fails. */
  readonly advice: string | null;
  /** The processes that found it; absent: this one. */
  readonly seenBy?: string;
}

export const passed = (name: string, says: string): Check => ({ name, ok: true, says, advice: null });
/** Not a fault, but something to look at. */
export const noted = (name: string, says: string, advice: string): Check => ({ name, ok: true, says, advice });
export const failed = (name: string, says: string, advice: string): Check => ({ name, ok: false, says, advice });

// One line of the doctor's report.

export interface Check {
  /** What was checked. */
  readonly name: string;
  readonly ok: boolean;
  /** What was found. */
  readonly says: string;
  /** What to do; null where nothing needs doing. */
  readonly advice: string | null;
}

export const passed = (name: string, says: string): Check => ({ name, ok: true, says, advice: null });
export const failed = (name: string, says: string, advice: string): Check => ({ name, ok: false, says, advice });

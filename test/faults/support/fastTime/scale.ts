// Fast time: so many ms pass in each real one, counted from a real instant.

export interface Scale {
  readonly speed: number;
  /** Real ms since the epoch at which fast and real time are equal. */
  readonly from: number;
}

export const realMs = ({ speed }: Scale, fastMs: number): number => fastMs / speed;

/** The fast instant of a real one; both in ms since the epoch. */
export const fastAt = ({ speed, from }: Scale, real: number): number => from + (real - from) * speed;

/** The scale of this process. */
export const ownScale: Scale = {
  speed: Number(process.env['FAST_TIME_SPEED'] ?? 1),
  from: Number(process.env['FAST_TIME_FROM'] ?? 0),
};

// Above it, figures are those of the other programs too.

/** Load of the last minute. */
export const idleLoad = 2;

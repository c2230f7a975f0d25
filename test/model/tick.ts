// The model's step of time.

/** ms. The grace for a live worker's report is one tick too, so that every time is a multiple of a tick. */
export const tick = 500;

// The model's step of time.

/** ms. The grace that a live worker gets to report is one tick too, so that every moment lies on the grid. */
export const tick = 500;

// Whether the window has room for what is folded on a phone.

export const isWide = (): boolean => matchMedia('(min-width: 721px)').matches;

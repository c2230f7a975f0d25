// The folder of the package. Every file of the built package is two folders below it, as this one is in a checkout.

export const packageFolder = new URL('../../', import.meta.url);

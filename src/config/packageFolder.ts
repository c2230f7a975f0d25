// The folder of the package. Every file of the built package is two folders below it, as this one is in a checkout.

const manifest = new URL('../../package.json', import.meta.url);

export const packageFolder = new URL('.', manifest);

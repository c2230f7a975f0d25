// The version of the client, which is that of the API of the same release.

/** A test compares it with package.json. */
export const clientVersion = '0.1.0';

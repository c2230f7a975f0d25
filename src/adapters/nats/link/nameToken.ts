// Names as tokens of subjects.

/**
 * Escapes a name to one token of a subject. Worker names need no escaping; other names could otherwise add tokens or
 * wildcards.
 */
export const nameToken = (name: string): string => name.replaceAll(/[^A-Za-z0-9_-]/g, '_');

// What shared pieces of the stand-in cannot answer. Each dialect turns it into its provider's error for an invalid request (400).

/** A request that no answer fits, such as a schema that requires infinite nesting. */
export class Unanswerable extends Error {}

// Where the console is: the path of the API that serves it, which a proxy may have put below another path.

const bundle = import.meta.url;

/** Ends with a slash. The bundle is at `<base>console/<file>`. */
export const base: string = new URL('..', bundle).pathname;

/** The address of the API, without a slash at the end. */
export const apiUrl: string = (location.origin + base).replace(/\/$/, '');

/** The path of a page or of a resource of the API, such as `/jobs/01jd…`. */
export const pathTo = (path: string): string => base + path.replace(/^\//, '');

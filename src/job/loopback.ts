// Which hosts are this machine alone.

/** `host`: a name or an address, without the brackets of an IPv6 address in a URL. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

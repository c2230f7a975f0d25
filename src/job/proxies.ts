// Which proxy a request goes through, by the variables that command-line programs share: HTTPS_PROXY, HTTP_PROXY and NO_PROXY, also
// in lower case.

export type ProxyEnv = Readonly<Record<string, string | undefined>>;

/** A problem for each proxy that is no URL, without its login. */
export function proxyProblems(env: ProxyEnv): string[] {
  return names.flatMap((name) => {
    const value = env[name]?.trim() ?? '';
    if (value === '' || proxyUrl(value) !== undefined) return [];
    return [`${name}: is not the URL of a proxy; allowed: a URL that starts with http:// or https://`];
  });
}

const names = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'];

/** Whether a variable names a proxy. */
export const hasProxy = (env: ProxyEnv): boolean =>
  names.some((name) => proxyUrl(env[name]?.trim() ?? '') !== undefined);

/** The proxy for an address, or undefined. Lower case wins; this machine is always called directly. */
export function proxyFor(url: URL, env: ProxyEnv): URL | undefined {
  const value = url.protocol === 'https:' ? either(env, 'HTTPS_PROXY') : either(env, 'HTTP_PROXY');
  if (value === '' || isLoopbackName(url.hostname) || isExcluded(url, either(env, 'NO_PROXY'))) return undefined;
  return proxyUrl(value);
}

const either = (env: ProxyEnv, name: string): string => (env[name.toLowerCase()] ?? env[name] ?? '').trim();

/** As other programs do, `proxy.example:3128` without a protocol counts as http. */
function proxyUrl(value: string): URL | undefined {
  const text = value.includes('://') ? value : `http://${value}`;
  const url = value !== '' && URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && /^https?:$/.test(url.protocol) && url.hostname !== '' ? url : undefined;
}

const isLoopbackName = (hostname: string): boolean => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);

/** Entries are hosts, which include their subdomains, with or without a port, or `*`. */
function isExcluded({ protocol, hostname, port }: URL, noProxy: string): boolean {
  const ownPort = port === '' ? (protocol === 'https:' ? '443' : '80') : port;
  return noProxy.split(/[,\s]+/).some((entry) => {
    const [, host = '', onPort] = /^(\[.*\]|[^:]*|.*:.*:.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    const name = bare(host).replace(/^\*?\./, '');
    if (host === '' || (onPort !== undefined && onPort !== ownPort)) return false;
    return host === '*' || bare(hostname) === name || bare(hostname).endsWith(`.${name}`);
  });
}

const bare = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');

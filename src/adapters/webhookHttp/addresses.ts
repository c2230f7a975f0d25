// Which addresses a webhook may reach: those of the public internet, and those that the installation allows. Sources: the IANA
// special-purpose registries of IPv4 and IPv6 (RFC 6890 and its updates).

import { BlockList, isIP } from 'node:net';

export interface Reachable {
  /** Whether the setting lists the host name, or an address or network that contains this literal address. */
  isAllowed(hostname: string): boolean;
  /** Why this address must not be reached; undefined if it may be. `hostname`: whose address it is. */
  refusal(address: string, hostname: string): string | undefined;
}

/** `allow`: host names, addresses and networks such as `10.0.0.0/8`. */
export function reachable(allow: readonly string[]): Reachable {
  const names = new Set<string>();
  const networks = new BlockList();
  for (const entry of allow) {
    const [address = '', prefix] = entry.split('/');
    const family = isIP(address);
    if (family === 0) names.add(bareName(entry));
    else networks.addSubnet(address, Number(prefix ?? (family === 4 ? 32 : 128)), familyOf(address));
  }
  const contains = (list: BlockList, address: string): boolean => list.check(address, familyOf(address));
  const isAllowed = (hostname: string): boolean => {
    const bare = bareName(hostname);
    return names.has(bare) || (isIP(bare) !== 0 && contains(networks, bare));
  };
  return {
    isAllowed,
    refusal: (address, hostname) => {
      const bare = withoutZone(address);
      if (isAllowed(hostname) || contains(networks, bare)) return undefined;
      if (familyOf(bare) === 'ipv6' && !contains(globalUnicast, bare))
        return 'is not an address of the public internet';
      return classes.find(([, list]) => contains(list, bare))?.[0];
    },
  };
}

/** Lower case, without the brackets of an IPv6 address in a URL, and without the dot at the end of a full name. */
const bareName = (hostname: string): string =>
  hostname
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');

const withoutZone = (address: string): string => address.replace(/%.*$/, '');

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** All of the public internet is in it; what is not, such as `fc00::/7`, `fe80::/10` and `::ffff:0:0/96`, is refused. */
const globalUnicast = listOf('2000::/3');

const classes: readonly (readonly [string, BlockList])[] = [
  ['is a loopback address', listOf('127.0.0.0/8')],
  ['is a private address', listOf('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16')],
  ['is a link-local address, such as that of a metadata service', listOf('169.254.0.0/16')],
  ['is an address of carrier-grade NAT, which clouds use for internal services', listOf('100.64.0.0/10')],
  ['is a multicast address', listOf('224.0.0.0/4')],
  ['is an unspecified address', listOf('0.0.0.0/8')],
  [
    'is a reserved address',
    listOf(
      '192.0.0.0/24',
      '192.0.2.0/24',
      '192.31.196.0/24',
      '192.52.193.0/24',
      '192.88.99.0/24',
      '192.175.48.0/24',
      '198.18.0.0/15',
      '198.51.100.0/24',
      '203.0.113.0/24',
      '240.0.0.0/4',
    ),
  ],
  // Teredo, ORCHID, documentation, and 6to4, which contains an IPv4 address.
  ['is a reserved address', listOf('2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20')],
];

function listOf(...networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address, prefix] = network.split('/') as [string, string];
    list.addSubnet(address, Number(prefix), familyOf(address));
  }
  return list;
}

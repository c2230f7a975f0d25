// Which addresses a webhook may reach.
import { describe, expect, test } from 'vitest';
import { reachable } from '../../../src/adapters/webhookHttp/addresses.ts';

describe('without a list', () => {
  const rules = reachable([]);
  const refused = (address: string): boolean => rules.refusal(address, 'app.example') !== undefined;

  test.each([
    ['loopback', '127.0.0.1', '127.255.255.254', '::1'],
    ['private', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
    ['link-local and metadata', '169.254.169.254', '169.254.0.1', 'fe80::1', 'fe80::1%eth0'],
    ['carrier-grade NAT', '100.64.0.1', '100.127.255.255'],
    ['unspecified', '0.0.0.0', '0.1.2.3', '::'],
    ['multicast and broadcast', '224.0.0.1', '239.255.255.255', '255.255.255.255', 'ff02::1'],
    ['reserved', '192.0.0.1', '192.0.2.1', '198.18.0.1', '198.51.100.1', '203.0.113.1', '240.0.0.1', '192.88.99.1'],
    ['unique local', 'fc00::1', 'fd00:ec2::254'],
    ['IPv4 in IPv6', '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:10.0.0.1', '::ffff:8.8.8.8', '::127.0.0.1'],
    ['NAT64', '64:ff9b::a00:1', '64:ff9b::8.8.8.8', '64:ff9b:1::1'],
    ['6to4, Teredo and documentation', '2002:7f00:1::1', '2001::1', '2001:db8::1', '3fff::1'],
  ])('refuses %s', (_, ...addresses) => {
    expect(addresses.filter((address) => !refused(address))).toEqual([]);
  });

  test('allows addresses of the public internet, up to the borders of what is refused', () => {
    const open = ['8.8.8.8', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255'];
    const more = ['128.0.0.0', '169.253.255.255', '172.15.255.255', '172.32.0.0', '192.167.255.255', '223.255.255.255'];
    const six = ['2600::1', '2a00:1450:4001::1', '2001:4860:4860::8888', '2003::1'];
    expect([...open, ...more, ...six].filter(refused)).toEqual([]);
  });
});

describe('with a list', () => {
  const rules = reachable(['hooks.internal', '10.20.0.0/16', '192.168.1.7', 'fd00::/8']);

  test('a listed name may have any address, in any spelling of the name', () => {
    for (const name of ['hooks.internal', 'HOOKS.internal', 'hooks.internal.']) {
      expect(rules.isAllowed(name)).toBe(true);
      expect(rules.refusal('10.0.0.1', name)).toBeUndefined();
    }
    expect(rules.isAllowed('a.hooks.internal')).toBe(false);
    expect(rules.refusal('10.0.0.1', 'a.hooks.internal')).toBe('is a private address');
  });

  test('listed addresses and networks are allowed, their neighbours are not', () => {
    const named = (address: string) => rules.refusal(address, 'app.example');
    expect([named('10.20.255.255'), named('192.168.1.7'), named('fd00::7')]).toEqual([undefined, undefined, undefined]);
    expect([named('10.21.0.0'), named('192.168.1.8'), named('fc00::7')]).toEqual([
      'is a private address',
      'is a private address',
      'is not an address of the public internet',
    ]);
    expect(rules.isAllowed('10.20.3.4')).toBe(true);
    expect(rules.isAllowed('[fd00::7]')).toBe(true);
    expect(rules.isAllowed('app.example')).toBe(false);
  });
});

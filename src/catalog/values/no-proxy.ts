/** Hosts that bypass the proxy: NO_PROXY, as curl and Go read it. */
import { BlockList, isIP } from 'node:net';

/** Whether a host, without brackets, bypasses the proxy. */
export type NoProxy = (host: string, port: number) => boolean;

/** Throws an Error whose message states the rule and the remedy. */
export function noProxyOf(text: string): NoProxy {
  const rules = text
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .map(ruleOf);
  return (host, port) => {
    const name = host.toLowerCase().replace(/\.$/, '');
    return rules.some((isFor) => isFor(name, port));
  };
}

function ruleOf(entry: string): NoProxy {
  if (entry === '*') return () => true;
  const [, network, bits] = /^\[?([0-9A-Fa-f.:]+?)\]?\/(\d{1,3})$/.exec(entry) ?? [];
  if (network !== undefined) return networkRule(entry, network, Number(bits));
  const [, host = entry, port] = (isIP(entry) === 6 ? undefined : /^(.*?)(?::(\d{1,5}))?$/.exec(entry)) ?? [];
  const isPort = (other: number) => port === undefined || Number(port) === other;
  const address = host.replace(/^\[|\]$/g, '');
  if (isIP(address) !== 0) return networkRule(entry, address, isIP(address) === 6 ? 128 : 32, isPort);
  const domain = host
    .toLowerCase()
    .replace(/^\*?\./, '')
    .replace(/\.$/, '');
  if (!/^[a-z0-9_.-]+$/.test(domain)) {
    throw new Error(`'${entry}' is no domain, address or network, such as .svc or 10.0.0.0/8. Correct it.`);
  }
  return (name, other) => isPort(other) && (name === domain || name.endsWith(`.${domain}`));
}

function networkRule(entry: string, address: string, bits: number, isPort = (_: number) => true): NoProxy {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  try {
    list.addSubnet(address, bits, family);
  } catch {
    throw new Error(`'${entry}' is no network, such as 10.0.0.0/8. Correct it.`);
  }
  return (name, port) => isPort(port) && isIP(name) !== 0 && list.check(name, isIP(name) === 6 ? 'ipv6' : 'ipv4');
}

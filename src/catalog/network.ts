/** Settings of the network between the shipper and services, by the names that other programs also read. */
import { setting } from './setting.js';
import * as value from './setting-values.js';

export const NETWORK_SETTINGS = {
  httpsProxy: setting({
    name: 'HTTPS_PROXY',
    aliases: ['https_proxy'],
    help: 'Proxy for `https://` services, by CONNECT: `http://host:port` or `https://host:port`, with a user and a password where it asks for them. For OpenSearch, CloudWatch Logs and where AWS credentials come from.',
    parse: value.proxy,
  }),
  httpProxy: setting({
    name: 'HTTP_PROXY',
    aliases: ['http_proxy'],
    help: 'Proxy for `http://` services.',
    parse: value.proxy,
  }),
  noProxy: setting({
    name: 'NO_PROXY',
    aliases: ['no_proxy'],
    help: 'Hosts that are asked without a proxy, separated by commas: a domain with all below it, an address, a network such as `10.0.0.0/8`, each with `:port` or without; `*` for all.',
    parse: value.noProxy,
  }),
  awsCaBundle: setting({
    name: 'AWS_CA_BUNDLE',
    defaultMeaning: "Node's certificates",
    help: 'File with the certificates, in PEM, of the authorities to trust at AWS. Read again when it changes.',
    parse: value.absolutePath,
  }),
  awsUseFips: setting({
    name: 'AWS_USE_FIPS_ENDPOINT',
    default: 'false',
    help: 'Whether CloudWatch Logs is asked at the endpoint of its region that is validated by FIPS 140.',
    parse: (text) => value.boolean(text.toLowerCase()),
  }),
  awsUseDualstack: setting({
    name: 'AWS_USE_DUALSTACK_ENDPOINT',
    default: 'false',
    help: 'Whether CloudWatch Logs is asked at the endpoint of its region that has IPv6, too.',
    parse: (text) => value.boolean(text.toLowerCase()),
  }),
} as const;

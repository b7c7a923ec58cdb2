/** Network settings between the shipper and services, under the names that other programs also read. */
import { setting } from './setting.js';
import * as value from './values/setting-values.js';

export const NETWORK_SETTINGS = {
  httpsProxy: setting({
    name: 'HTTPS_PROXY',
    aliases: ['https_proxy'],
    help: 'Proxy for `https://` services, used with CONNECT: `http://host:port` or `https://host:port`, with a user and a password if it requires them. Applies to OpenSearch, CloudWatch Logs, OTLP, Firehose, S3 and the services that provide AWS credentials.',
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
    help: 'Hosts that bypass the proxy, separated by commas: a domain and its subdomains, an address, or a network such as `10.0.0.0/8`. A domain or an address may end in `:port`. `*` matches all hosts.',
    parse: value.noProxy,
  }),
  awsCaBundle: setting({
    name: 'AWS_CA_BUNDLE',
    defaultMeaning: "Node's certificates",
    help: 'File with the certificates, in PEM, of the authorities to trust for AWS services. Reread when it changes.',
    parse: value.absolutePath,
  }),
  awsUseFips: setting({
    name: 'AWS_USE_FIPS_ENDPOINT',
    default: 'false',
    help: 'Whether to use the FIPS 140 validated endpoints of CloudWatch Logs, Firehose and S3, and of the service that roles are assumed at, in the region.',
    parse: (text) => value.boolean(text.toLowerCase()),
  }),
  awsUseDualstack: setting({
    name: 'AWS_USE_DUALSTACK_ENDPOINT',
    default: 'false',
    help: 'Whether to use the dual-stack (IPv4 and IPv6) endpoints of CloudWatch Logs, Firehose and S3, and of the service that roles are assumed at, in the region.',
    parse: (text) => value.boolean(text.toLowerCase()),
  }),
  awsIgnoreEndpoints: setting({
    name: 'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS',
    default: 'false',
    help: 'Whether `AWS_ENDPOINT_URL` and the variables that begin so are ignored, as the SDKs of AWS do. The endpoint of a sink in a manifest is one of them.',
    parse: (text) => value.boolean(text.toLowerCase()),
  }),
} as const;

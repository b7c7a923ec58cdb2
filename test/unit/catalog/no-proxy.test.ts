import { noProxyOf } from '../../../src/catalog/values/no-proxy.js';

test.each([
  ['example.com', 'example.com', 443, true],
  ['example.com', 'logs.example.com', 443, true],
  ['example.com', 'badexample.com', 443, false],
  ['.example.com', 'logs.example.com', 443, true],
  ['*.example.com', 'logs.example.com', 443, true],
  ['.EXAMPLE.com', 'Logs.Example.COM.', 443, true],
  ['example.com:9200', 'example.com', 9200, true],
  ['example.com:9200', 'example.com', 443, false],
  ['.svc,.cluster.local', 'opensearch.logging.svc', 9200, true],
  ['.svc, .cluster.local', 'opensearch.logging.svc.cluster.local', 9200, true],
  ['a b\tc', 'b', 80, true],
  ['*', 'anything', 1, true],
  ['127.0.0.1', '127.0.0.1', 80, true],
  ['127.0.0.1:81', '127.0.0.1', 80, false],
  ['127.0.0.1', '127.0.0.2', 80, false],
  ['10.0.0.0/8', '10.250.1.2', 9200, true],
  ['10.0.0.0/8', '11.0.0.1', 9200, false],
  ['10.0.0.0/8', 'ten.example.com', 9200, false],
  ['169.254.0.0/16,fd00:ec2::/32', '169.254.170.2', 80, true],
  ['fd00:ec2::/32', 'fd00:ec2::23', 80, true],
  ['[fd00::1]', 'fd00::1', 80, true],
  ['[fd00::1]:81', 'fd00::1', 80, false],
  ['fd00::1', 'fd00::1', 80, true],
  ['::1', '::1', 80, true],
  ['[::1]:80', '::1', 80, true],
  ['fd00::1', 'fd00:0:0::1', 80, true],
  ['fe80::/10', '10.0.0.1', 80, false],
  ['0.0.0.0/0', '10.0.0.1', 80, true],
  ['0.0.0.0/0', 'example.com', 80, false],
  ['10.0.0.1/32', '10.0.0.1', 80, true],
  ['.example.com', 'example.com', 443, true],
  ['example.com.', 'example.com', 443, true],
  ['.example.com:443', 'logs.example.com', 443, true],
  ['a.b,*', 'anything', 1, true],
  ['localhost', 'localhost', 9200, true],
  ['local', 'localhost', 9200, false],
  ['', 'example.com', 443, false],
  [',,', 'example.com', 443, false],
])('%j and %s:%i: direct %s', (text, host, port, isDirect) => {
  expect(noProxyOf(text)(host, port)).toBe(isDirect);
});

test.each(['10.0.0.0/8:9200', '10.0.0.0/33', '10.0.0/8', 'fd00::/129', 'http://example.com', 'a,b c,{x}'])(
  'refuses %s',
  (text) => {
    expect(() => noProxyOf(text)).toThrow(/Correct it/);
  },
);

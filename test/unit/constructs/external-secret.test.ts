/** Credentials from a store: the ExternalSecret, and the Secret's keys as the sink is given them. */
import { Testing } from 'cdk8s';
import { SecretStoreKind, ShipperExternalSecret, Sink, TappedDeployment } from '../../../src/constructs/index.js';

test('the operator fills the Secret with the shipper’s password', () => {
  const chart = Testing.chart();
  const credentials = new ShipperExternalSecret(chart, 'Search', {
    store: 'aws',
    keys: { password: { key: 'shop/search', property: 'password' }, ca: { key: 'shop/ca', version: 'v2' } },
    refreshInterval: '15m',
  });
  new TappedDeployment(chart, 'Orders', {
    containers: [{ name: 'orders', image: 'orders:4.2' }],
    tap: {
      sink: Sink.openSearch({
        url: 'https://os:9200',
        username: 'shipper',
        passwordSecret: credentials.key('password'),
        caSecret: credentials.key('ca'),
      }),
    },
  });
  const [secret, deployment] = Testing.synth(chart);
  expect(secret).toEqual({
    apiVersion: 'external-secrets.io/v1',
    kind: 'ExternalSecret',
    metadata: { name: secret.metadata.name },
    spec: {
      secretStoreRef: { name: 'aws', kind: 'ClusterSecretStore' },
      refreshInterval: '15m',
      data: [
        { secretKey: 'password', remoteRef: { key: 'shop/search', property: 'password' } },
        { secretKey: 'ca', remoteRef: { key: 'shop/ca', version: 'v2' } },
      ],
    },
  });
  const { name } = secret.metadata;
  expect(deployment.spec.template.spec.volumes.at(-1).projected.sources).toEqual([
    { secret: { name, items: [{ key: 'password', path: `${name}/password` }], optional: true } },
    { secret: { name, items: [{ key: 'ca', path: `${name}/ca` }], optional: true } },
  ]);
});

test("a namespace's own store, and metadata", () => {
  const chart = Testing.chart();
  new ShipperExternalSecret(chart, 'Search', {
    store: 'vault',
    storeKind: SecretStoreKind.NAMESPACE,
    keys: { password: { key: 'search' } },
    metadata: { name: 'search', namespace: 'shop' },
  });
  const [secret] = Testing.synth(chart);
  expect(secret.metadata).toEqual({ name: 'search', namespace: 'shop' });
  expect(secret.spec.secretStoreRef).toEqual({ name: 'vault', kind: 'SecretStore' });
});

test('refuses a Secret without keys, impossible keys, and keys it does not have', () => {
  const chart = Testing.chart();
  const make = (keys: object) => new ShipperExternalSecret(chart, 'A', { store: 'aws', keys: keys as never });
  expect(() => make({})).toThrow("'keys' ({}) must have a key: list the values of the Secret");
  expect(() => new ShipperExternalSecret(chart, 'B', { store: 'aws', keys: { 'a b': { key: 'x' } } })).toThrow(
    `'keys' ("a b") must have letters, digits and - _ . only, at most 253: rename it`,
  );
  const secret = new ShipperExternalSecret(chart, 'C', { store: 'aws', keys: { password: { key: 'x' } } });
  expect(() => secret.key('passwort')).toThrow(
    `'key' ("passwort") must be one of password: add it to \`keys\`, or correct it`,
  );
});

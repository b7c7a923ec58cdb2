/** What a shipper may connect to, and nothing else. */
import { Testing } from 'cdk8s';
import { ShipperNetworkPolicy, type ShipperNetworkPolicyProps, Sink } from '../../../src/constructs/index.js';

const DNS = {
  ports: [
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
  ],
};

function spec(sink: Sink, more: Partial<ShipperNetworkPolicyProps> = {}) {
  const chart = Testing.chart();
  const podLabels = { app: 'orders' };
  new ShipperNetworkPolicy(chart, 'Egress', { sink, podLabels, ...more });
  const [object] = Testing.synth(chart);
  expect(object).toMatchObject({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' });
  return object.spec;
}

test('a sink outside AWS: DNS and its port, at the given addresses', () => {
  expect(spec(Sink.openSearch({ url: 'https://os:9200' }), { cidr: '10.0.0.0/16' })).toEqual({
    podSelector: { matchLabels: { app: 'orders' } },
    policyTypes: ['Egress'],
    egress: [DNS, { to: [{ ipBlock: { cidr: '10.0.0.0/16' } }], ports: [{ protocol: 'TCP', port: 9200 }] }],
  });
});

test('labels that select every pod of the namespace are rejected', () => {
  const make = () => new ShipperNetworkPolicy(Testing.chart(), 'Egress', { sink: Sink.stdout(), podLabels: {} });
  expect(make).toThrow(/'podLabels' \(\{\}\) must select pods/);
});

test('a sink without connections opens no port', () => {
  expect(spec(Sink.stdout()).egress).toEqual([DNS]);
});

test('at AWS also the endpoints of credentials', () => {
  const sink = Sink.cloudWatch({ logGroup: '/shop', region: 'eu-central-1', endpoint: 'https://10.0.0.9:8443' });
  expect(spec(sink, { cidr: '10.0.0.0/16' }).egress).toEqual([
    DNS,
    { to: [{ ipBlock: { cidr: '10.0.0.0/16' } }], ports: [{ protocol: 'TCP', port: 8443 }] },
    { ports: [{ protocol: 'TCP', port: 443 }] },
    {
      to: [{ ipBlock: { cidr: '169.254.170.23/32' } }, { ipBlock: { cidr: 'fd00:ec2::23/128' } }],
      ports: [{ protocol: 'TCP', port: 80 }],
    },
  ]);
});

test('each port of several sinks once', () => {
  const sink = Sink.all([
    Sink.openSearch({ url: 'https://os.example' }),
    Sink.cloudWatch({ logGroup: '/shop', region: 'eu-central-1' }),
  ]);
  expect(spec(sink).egress[1]).toEqual({ ports: [{ protocol: 'TCP', port: 443 }] });
});

test('the ports of sinks of containers, and the endpoints of credentials that only one of them needs', () => {
  const perContainer = {
    web: { sink: Sink.tcp({ host: 'logs.example', port: 5170 }) },
    audit: { sink: Sink.cloudWatch({ logGroup: '/audit', region: 'eu-central-1' }) },
    job: {},
  };
  const { egress } = spec(Sink.openSearch({ url: 'https://os:9200' }), { perContainer });
  expect(egress.slice(0, 3)).toEqual([
    DNS,
    { ports: [443, 5170, 9200].map((port) => ({ protocol: 'TCP', port })) },
    { ports: [{ protocol: 'TCP', port: 443 }] },
  ]);
});

test('a sink in the place of the options of a container is refused: its port would stay shut', () => {
  const perContainer = { web: Sink.tcp({ host: 'logs.example', port: 5170 }) as never };
  expect(() => spec(Sink.stdout(), { perContainer })).toThrow(/'perContainer\.web/);
});

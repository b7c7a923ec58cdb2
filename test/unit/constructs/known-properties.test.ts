/** Slips that a compiler reports in TypeScript, and nothing but these checks in JavaScript. */
import { LogTap, Sink } from '../../../src/constructs/index.js';

const sink = Sink.stdout();
const tap = (props: object) => new LogTap(props);

test.each<[string, () => unknown, RegExp]>([
  [
    'a misspelt property',
    () => tap({ sink, suppressStream: true }),
    /'suppressStream' is not a property: did you mean 'suppressStreams'\?/,
  ],
  [
    'a property of nothing',
    () => tap({ sink, colour: 'red' }),
    /'colour' is not a property: use one of sink, containers/,
  ],
  ['a name of Object', () => tap({ sink, constructor: 1 }), /'constructor' is not a property/],
  ['a sink by its name', () => tap({ sink: 'cloudwatch' }), /'sink' \("cloudwatch"\) must be an object/],
  ['a sink as data', () => tap({ sink: { cloudWatch: {} } }), /'sink' .* must be a Sink: write Sink.cloudWatch/],
  ['a list of files', () => tap({ sink, file: ['/a'] }), /'file' \(\["\/a"\]\) must be text/],
  [
    'a switch in quotes',
    () => tap({ sink, suppressStreams: 'false' }),
    /'suppressStreams' \("false"\) must be true or false/,
  ],
  ['one container', () => tap({ sink, containers: 'app' }), /'containers' \("app"\) must be a list/],
  ['null', () => tap({ sink, shipper: null }), /'shipper' \(null\) must be an object/],
  ['no properties', () => tap(undefined as unknown as object), /'properties' .*must be an object/],
  [
    'a misspelt option of the shipper',
    () => tap({ sink, shipper: { memoryLimitMib: 1 } }),
    /'shipper.memoryLimitMib' .*'memoryLimitMiB'/,
  ],
  [
    'a quantity',
    () => tap({ sink, shipper: { memoryLimitMiB: '512Mi' } }),
    /'shipper.memoryLimitMiB' \("512Mi"\) must be a number/,
  ],
  [
    'an option of one container',
    () => tap({ sink, perContainer: { app: { stream: 'stdout' } } }),
    /'perContainer.app.stream' .*'streams'/,
  ],
  [
    'a misspelt property of a sink',
    () => Sink.cloudWatch({ loggroup: '/a', region: 'eu-west-1' } as never),
    /'loggroup' .*'logGroup'/,
  ],
  ['a sink without what it needs', () => Sink.cloudWatch({ logGroup: '/a' } as never), /'region' must be given/],
  ['a sink without properties', () => Sink.openSearch(undefined as never), /must be an object/],
  ['a port in quotes', () => Sink.tcp({ host: 'a', port: '1' } as never), /'port' \("1"\) must be a number/],
])('%s', (_what, act, says) => {
  expect(act).toThrow(says);
});

test('undefined counts as absent', () => {
  expect(() => tap({ sink, colour: undefined, file: undefined })).not.toThrow();
});

/** Properties as the source of a chart with a `TappedDeployment`. */
import type { Data, Description } from '../description.js';

/** Properties whose values are members of an enum, by path. */
const ENUMS: Readonly<Record<string, { readonly name: string; readonly members: Readonly<Record<string, string>> }>> = {
  streams: { name: 'TapStreams', members: { none: 'NONE', stdout: 'STDOUT', stderr: 'STDERR', both: 'BOTH' } },
  'events.mode': { name: 'EventMode', members: { auto: 'AUTO' } },
  'fields.time': { name: 'RecordTime', members: { text: 'TEXT' } },
  'cloudWatch.messageFormat': { name: 'CloudWatchFormat', members: { json: 'JSON' } },
  'cloudWatch.groupClass': {
    name: 'LogGroupClass',
    members: {
      STANDARD: 'STANDARD',
      INFREQUENT_ACCESS: 'INFREQUENT_ACCESS',
      DELIVERY: 'DELIVERY',
      ESSENTIALS: 'ESSENTIALS',
    },
  },
  'openSearch.signing': { name: 'OpenSearchSigning', members: { es: 'DOMAIN', aoss: 'SERVERLESS' } },
};

export function typescript(data: Data, { containers }: Description, comments: readonly string[]): string {
  const imports = new Set(['Sink', 'TappedDeployment']);
  const { sink, ...tap } = data;
  const listed = containers.length > 0 ? containers : [{ name: 'app', image: 'CHANGE-ME' }];
  const properties = [
    `sink: ${sinkCode(sink as Data, imports)}`,
    ...Object.entries(tap).map(([key, value]) => `${name(key)}: ${code(value, key, imports)}`),
  ];
  const body = [
    ...comments.map((line) => `// ${line}`),
    `import { App, Chart } from 'cdk8s';`,
    `import { ${[...imports].sort().join(', ')} } from 'cdk8s-logtap';`,
    '',
    'const app = new App();',
    `const chart = new Chart(app, 'migrated');`,
    `new TappedDeployment(chart, 'App', {`,
    `  containers: ${code(listed, '', imports)},`,
    '  tap: {',
    ...properties.map((line) => `    ${line},`),
    '  },',
    '});',
    'app.synth();',
  ];
  return `${body.join('\n')}\n`;
}

function sinkCode(sink: Data, imports: Set<string>): string {
  const [[factory, given] = ['stdout', {}]] = Object.entries(sink);
  if (factory === 'all') return `Sink.all([${(given as Data[]).map((each) => sinkCode(each, imports)).join(', ')}])`;
  const isEmpty = Object.keys(given as Data).length === 0;
  return `Sink.${factory}(${isEmpty ? '' : code(given, factory, imports)})`;
}

function code(value: unknown, path: string, imports: Set<string>): string {
  // Properties of single containers are those of the tap.
  const property = path.replace(/^perContainer\.[^.]+\./, '');
  const known = Object.hasOwn(ENUMS, property) ? ENUMS[property] : undefined;
  const member = known?.members[String(value)];
  if (known !== undefined && member !== undefined) {
    imports.add(known.name);
    return `${known.name}.${member}`;
  }
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) return `[${value.map((item) => code(item, '', imports)).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const members = Object.entries(value).map(([key, inner]) => {
    const isSink = key === 'sink' && /^perContainer\.[^.]+$/.test(path);
    return `${name(key)}: ${isSink ? sinkCode(inner as Data, imports) : code(inner, `${path}.${key}`, imports)}`;
  });
  return `{ ${members.join(', ')} }`;
}

const text = (value: string) =>
  `'${JSON.stringify(value)
    .slice(1, -1)
    .replace(/\\"/g, '"')
    .replace(/'/g, "\\'")
    .replace(/[\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`)}'`;
const name = (key: string) => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : text(key));

/** Several sinks as one: each gets every record, through a queue of its own. */
import { must } from '../must.js';
import type { SinkConfig } from '../sink-config.js';

/** What the shipper would read twice, with two meanings, is refused. */
export function all(sinks: readonly SinkConfig[]): SinkConfig {
  const names = sinks.flatMap(({ name }) => name.split(','));
  must(names.length > 0, 'sinks', names, 'have at least one sink: give those that are to get the records');
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  must(
    twice === undefined,
    'sinks',
    names,
    `have each kind of sink once, and '${twice}' is there twice: give one of them`,
  );
  const settings: Record<string, string> = {};
  for (const [setting, value] of sinks.flatMap((sink) => Object.entries(sink.settings))) {
    const other = settings[setting];
    must(
      other === undefined || other === value,
      setting,
      value,
      `be the same for all sinks of a shipper, and is '${other}' for another: give both the same`,
    );
    settings[setting] = value;
  }
  return {
    name: names.join(','),
    settings,
    secretFiles: sinks.flatMap(({ secretFiles }) => secretFiles),
    iam: sinks.flatMap(({ iam }) => iam),
    egress: sinks.flatMap(({ egress }) => egress),
    configMapFiles: sinks.flatMap(({ configMapFiles = [] }) => configMapFiles),
    volumeMounts: sinks.flatMap(({ volumeMounts = [] }) => volumeMounts),
    // Each kind is there once.
    ...sinks.map(({ logGroup }) => logGroup !== undefined && { logGroup }).find(Boolean),
  };
}

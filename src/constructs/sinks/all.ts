/** Several sinks as one. Each gets every record independently. */
import { must } from '../props/must.js';
import type { SinkConfig } from './sink-config.js';

/** Conflicting values of one setting are rejected. */
export function all(sinks: readonly SinkConfig[]): SinkConfig {
  const names = sinks.flatMap(({ name }) => name.split(','));
  must(names.length > 0, 'sinks', names, 'have at least one sink: list the sinks');
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  must(
    twice === undefined,
    'sinks',
    names,
    `have each kind of sink once, but has '${twice}' twice: remove one of them`,
  );
  const settings: Record<string, string> = {};
  for (const [setting, value] of sinks.flatMap((sink) => Object.entries(sink.settings))) {
    const other = settings[setting];
    must(
      other === undefined || other === value,
      setting,
      value,
      `be the same for all sinks of a shipper, but is '${other}' for another: give both the same value`,
    );
    settings[setting] = value;
  }
  return {
    name: names.join(','),
    settings,
    secretFiles: sinks.flatMap(({ secretFiles }) => secretFiles),
    iam: sinks.flatMap(({ iam }) => iam),
    assumedRoles: sinks.flatMap(({ assumedRoles = [] }) => assumedRoles),
    egress: sinks.flatMap(({ egress }) => egress),
    configMapFiles: sinks.flatMap(({ configMapFiles = [] }) => configMapFiles),
    volumeMounts: sinks.flatMap(({ volumeMounts = [] }) => volumeMounts),
    // Each kind occurs once.
    ...sinks.map(({ logGroup }) => logGroup !== undefined && { logGroup }).find(Boolean),
  };
}

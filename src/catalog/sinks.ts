/** The sinks: their names, and the settings that each cannot do without. */
import { CLOUDWATCH_SETTINGS } from './cloudwatch.js';
import { FORWARD_SETTINGS } from './forward.js';
import { OPENSEARCH_SETTINGS } from './opensearch.js';
import { type Setting, setting } from './setting.js';
import type { KnownSink } from './setting-values.js';
import * as value from './setting-values.js';
import { TCP_SETTINGS } from './tcp.js';

export const SINK_SETTINGS = {
  sinks: setting({
    name: 'LOGTAP_SINK',
    default: 'stdout',
    help: '`stdout`, `file`, `opensearch`, `cloudwatch`, `tcp`, `forward`, or `module:PATH` for a module of your own; several separated by commas: each gets every record, and none waits for another.',
    parse: value.sinks,
  }),
  filePath: setting({
    name: 'LOGTAP_FILE_PATH',
    help: 'Sink `file`: file to append to, one JSON object a line.',
    parse: value.absolutePath,
  }),
} as const;

/** A setting that a sink cannot do without, and an example of its value. */
type Needed = readonly [setting: Setting<unknown>, example: string];

export const NEEDED: Readonly<Record<KnownSink, readonly Needed[]>> = {
  stdout: [],
  file: [[SINK_SETTINGS.filePath, '/var/log/app.ndjson']],
  tcp: [[TCP_SETTINGS.tcpAddress, 'collector.example:5170']],
  forward: [[FORWARD_SETTINGS.forwardAddress, 'collector.example:24224']],
  opensearch: [[OPENSEARCH_SETTINGS.opensearchUrls, 'https://opensearch.example:9200']],
  cloudwatch: [
    [CLOUDWATCH_SETTINGS.cloudwatchLogGroup, '/my/app'],
    [CLOUDWATCH_SETTINGS.awsRegion, 'eu-central-1'],
  ],
};

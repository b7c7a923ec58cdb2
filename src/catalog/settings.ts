/** Every setting of the shipper by group, in the order of the documentation, and the rules between settings. */

import { BUFFER_SETTINGS } from './buffer.js';
import { NETWORK_SETTINGS } from './network.js';
import { POD_SETTINGS } from './pod.js';
import { BILL_RULES, BILL_SETTINGS } from './records/bill.js';
import { BYTES_SETTINGS } from './records/bytes.js';
import { CONTAINER_RULES, CONTAINER_SETTINGS } from './records/container-settings.js';
import { EVENT_RULES, EVENT_SETTINGS } from './records/events.js';
import { FIELD_RULES, FIELD_SETTINGS } from './records/fields.js';
import { REDACTION_RULES, REDACTION_SETTINGS } from './records/redaction.js';
import type { Rule } from './rule.js';
import type { Setting, ValueOf } from './setting.js';
import { CLOUDWATCH_SETTINGS } from './sinks/cloudwatch.js';
import { FIREHOSE_SETTINGS } from './sinks/firehose.js';
import { type KnownSink, SINK_CHOICE, SINKS } from './sinks/index.js';
import { OPENSEARCH_SETTINGS } from './sinks/opensearch.js';
import { OTLP_SETTINGS } from './sinks/otlp.js';
import { S3_SETTINGS } from './sinks/s3.js';
import { SOURCE_SETTINGS } from './sources.js';
import { SPEED_SETTINGS } from './speed.js';
import { STATUS_SETTINGS } from './status.js';

type Group = Readonly<Record<string, Setting<unknown>>>;

/** Titles of groups and their settings. */
export const GROUPS: readonly (readonly [title: string, settings: Group])[] = [
  ['Where records come from', SOURCE_SETTINGS],
  ['Which lines are one record', EVENT_SETTINGS],
  ['Characters of records', BYTES_SETTINGS],
  ['What is hidden in records', REDACTION_SETTINGS],
  ['Which records are kept', BILL_SETTINGS],
  ['What is read from records and put on them', FIELD_SETTINGS],
  ['Which settings differ by container', CONTAINER_SETTINGS],
  ['Where records go', SINK_CHOICE],
  ...Object.values(SINKS)
    .map(({ title, settings }) => [title, settings] as const)
    .filter(([, settings]) => Object.keys(settings).length > 0),
  ['Network', NETWORK_SETTINGS],
  ['Buffers and shutdown', BUFFER_SETTINGS],
  ['Status server', STATUS_SETTINGS],
  ['Pod metadata on records', POD_SETTINGS],
  ['Speed', SPEED_SETTINGS],
];

const { cloudwatchEndpoint, awsRegion } = CLOUDWATCH_SETTINGS;
const { firehoseEndpoint } = FIREHOSE_SETTINGS;
const { s3Endpoint } = S3_SETTINGS;
const { awsUseFips, awsUseDualstack } = NETWORK_SETTINGS;
const { opensearchSigv4 } = OPENSEARCH_SETTINGS;
const { otlpSigv4 } = OTLP_SETTINGS;
const { sinks } = SINK_CHOICE;

/** A switch that selects an AWS endpoint excludes an explicit endpoint, which it would not change. */
const endpointWith = (chosen: Setting<boolean>, sink: KnownSink, endpoint: Setting<URL>): Rule => ({
  settings: [chosen, endpoint],
  isBroken: ({ isGiven, read }) => read(sinks)?.includes(sink) === true && isGiven(endpoint) && read(chosen) === true,
  says: (nameOf) =>
    `${nameOf(chosen)}=true and ${nameOf(endpoint)} exclude each other: the switch would not change the endpoint. Remove one of them.`,
});

const signingNeedsRegion = (signing: Setting<unknown>): Rule => ({
  settings: [signing, awsRegion],
  isBroken: ({ isGiven }) => isGiven(signing) && !isGiven(awsRegion),
  says: (nameOf) =>
    `${nameOf(signing)} needs ${nameOf(awsRegion)}, the region to sign for. Set it, for example to eu-central-1.`,
});

export const RULES: readonly Rule[] = [
  signingNeedsRegion(opensearchSigv4),
  signingNeedsRegion(otlpSigv4),
  endpointWith(awsUseFips, 'cloudwatch', cloudwatchEndpoint),
  endpointWith(awsUseDualstack, 'cloudwatch', cloudwatchEndpoint),
  endpointWith(awsUseFips, 'firehose', firehoseEndpoint),
  endpointWith(awsUseDualstack, 'firehose', firehoseEndpoint),
  endpointWith(awsUseFips, 's3', s3Endpoint),
  endpointWith(awsUseDualstack, 's3', s3Endpoint),
  ...EVENT_RULES,
  ...REDACTION_RULES,
  ...BILL_RULES,
  ...FIELD_RULES,
  ...CONTAINER_RULES,
  ...Object.values(SINKS).flatMap(({ rules }): readonly Rule[] => rules),
];

type SinkSettings = (typeof SINKS)[keyof typeof SINKS]['settings'];
type Rows =
  | typeof SOURCE_SETTINGS
  | typeof EVENT_SETTINGS
  | typeof BYTES_SETTINGS
  | typeof REDACTION_SETTINGS
  | typeof BILL_SETTINGS
  | typeof FIELD_SETTINGS
  | typeof CONTAINER_SETTINGS
  | typeof SINK_CHOICE
  | SinkSettings
  | typeof NETWORK_SETTINGS
  | typeof BUFFER_SETTINGS
  | typeof STATUS_SETTINGS
  | typeof POD_SETTINGS
  | typeof SPEED_SETTINGS;
type KeyOf<R> = R extends R ? keyof R : never;
type RowOf<R, K extends PropertyKey> = R extends { readonly [P in K]: infer S } ? S : never;

/** All settings, parsed. A setting that is absent and has no default is `undefined`. */
export type Settings = { readonly [K in KeyOf<Rows>]: ValueOf<RowOf<Rows, K>> };

/** Every row with its key in `Settings`. */
export const ROWS: readonly (readonly [key: string, setting: Setting<unknown>])[] = GROUPS.flatMap(([, settings]) =>
  Object.entries(settings),
);

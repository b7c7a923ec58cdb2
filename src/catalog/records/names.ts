/** Names in services that have placeholders. The shipper fills them at start, and constructs check the filled ones at synthesis. */
import type { Setting } from '../setting.js';
import { CLOUDWATCH_SETTINGS } from '../sinks/cloudwatch.js';
import { FIREHOSE_SETTINGS } from '../sinks/firehose.js';
import { OPENSEARCH_SETTINGS } from '../sinks/opensearch.js';
import { S3_SETTINGS } from '../sinks/s3.js';
import { inBraces, type Placeholder, replacePlaceholders } from '../values/placeholders.js';

/** A value is part of a name, which has a limit of its own. */
const VALUE_MAX = 128;

export interface Name {
  readonly row: Setting<string>;
  /** The characters that the service does not accept; each becomes `-`. */
  readonly refused: RegExp;
  readonly isLowerCase?: boolean;
  /** Whether the sink itself fills `{namespace}`, with the other fields of the pod and of each record. */
  readonly isOfRecords?: boolean;
}

/** Not printable ASCII, or a brace. */
const NOT_OF_ENTITY = /[^ -z|~]/g;
const CAPITAL_OR_RESERVED = /[A-Z\\/*?"<>|,#:{}\s]/g;

/** By the keys of `Settings`. */
export const NAMES_WITH_PLACEHOLDERS = {
  cloudwatchLogGroup: { row: CLOUDWATCH_SETTINGS.cloudwatchLogGroup, refused: /[^A-Za-z0-9._/#-]/g },
  cloudwatchLogStream: {
    row: CLOUDWATCH_SETTINGS.cloudwatchLogStream,
    refused: /[:*{}\p{Cc}]/gu,
    isOfRecords: true,
  },
  cloudwatchService: { row: CLOUDWATCH_SETTINGS.cloudwatchService, refused: NOT_OF_ENTITY },
  cloudwatchEnvironment: { row: CLOUDWATCH_SETTINGS.cloudwatchEnvironment, refused: NOT_OF_ENTITY },
  firehoseStream: { row: FIREHOSE_SETTINGS.firehoseStream, refused: /[^\w.-]/g },
  s3Prefix: { row: S3_SETTINGS.s3Prefix, refused: /[^\w!.*'()/=-]/g, isOfRecords: true },
  opensearchIndex: { row: OPENSEARCH_SETTINGS.opensearchIndex, refused: CAPITAL_OR_RESERVED, isLowerCase: true },
  opensearchDataStream: {
    row: OPENSEARCH_SETTINGS.opensearchDataStream,
    refused: CAPITAL_OR_RESERVED,
    isLowerCase: true,
  },
} as const satisfies Record<string, Name>;

/**
 * The name with its placeholders filled.
 *
 * @throws with the filled name, the rule and the remedy if the service would refuse it
 */
export function filled(name: Name, text: string, read: (placeholder: Placeholder) => string): string {
  const { row, refused, isLowerCase, isOfRecords } = name;
  const full = replacePlaceholders(text, (placeholder) => {
    if (placeholder.kind === 'namespace' && isOfRecords) return inBraces(placeholder);
    const value = read(placeholder);
    const cased = isLowerCase ? value.toLowerCase() : value;
    return [...cased.replace(refused, '-')].slice(0, VALUE_MAX).join('');
  });
  try {
    return row.parse(full);
  } catch (error) {
    throw new Error(`becomes '${full}', which ${(error as Error).message}`);
  }
}

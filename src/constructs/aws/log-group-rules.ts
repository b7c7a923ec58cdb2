/** The rules of CloudWatch Logs and CloudWatch for what belongs to a log group. */
import type { NameRule } from '../../catalog/values/service-names.js';
import { must } from '../props/must.js';

/** @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutIndexPolicy.html */
export const FIELD_INDEXES_MAX = 20;
/** @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutIndexPolicy.html */
export const FIELD_INDEX: NameRule = {
  holds: (value) => value.length >= 1 && value.length <= 100,
  rule: 'be a name of 1 to 100 characters',
  remedy: 'index a field with a shorter name',
};

/** @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html */
export const METRIC_FILTERS_MAX = 100;
/** @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html */
export const FILTER_NAME: NameRule = {
  holds: (value) => /^[^:*]{1,512}$/.test(value),
  rule: "be 1 to 512 characters without ':' and '*'",
  remedy: 'rename it',
};
/** @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html */
export const FILTER_PATTERN: NameRule = {
  holds: (value) => value.length <= 1024,
  rule: 'have at most 1024 characters',
  remedy: 'shorten it, or make two of it',
};
/** @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_MetricTransformation.html */
export const METRIC_NAME: NameRule = {
  holds: (value) => /^[^:*$]{1,255}$/.test(value),
  rule: "be 1 to 255 characters without ':', '*' and '$'",
  remedy: 'rename the metric',
};
/** @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html */
export const METRIC_NAMESPACE: NameRule = {
  holds: (value) => /^(?!AWS\/)[A-Za-z0-9.\-_/#]{1,255}$/.test(value),
  rule: 'be 1 to 255 letters, digits and . - _ / #, not starting with AWS/',
  remedy: 'rename the namespace',
};
/** @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL-managed-data-identifiers.html */
export const DATA_IDENTIFIER: NameRule = {
  holds: (value) => /^[A-Z][A-Za-z0-9]*(-[A-Z]{2})?$/.test(value),
  rule: 'be the name of a data identifier of AWS, such as EmailAddress or DriversLicense-US',
  remedy: 'write the name, not the ARN',
};

/** @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Transformation-Create.html */
const PROCESSORS_MAX = 20;
const PARSERS_MAX = 5;
/** For logs of AWS itself: only the first processor may be one. */
const VENDED = ['ParseCloudfront', 'ParsePostgres', 'ParseRoute53', 'ParseToOCSF', 'ParseVPC', 'ParseWAF'];
const PARSERS: readonly string[] = [...VENDED, 'Csv', 'Grok', 'ParseJSON', 'ParseKeyValue'];
const ONCE: readonly string[] = ['AddKeys', 'CopyValue', 'Grok'];

/** Throws unless the service would take the processors together. Their own options are judged by CloudFormation. */
export function checkTransformer(processors: readonly unknown[]): void {
  const at = 'transformer';
  const isInLimit = processors.length >= 1 && processors.length <= PROCESSORS_MAX;
  must(isInLimit, at, processors.length, `have 1 to ${PROCESSORS_MAX} processors: correct the list, or leave it out`);
  const names = processors.map((processor, i) => {
    const keys = typeof processor === 'object' && processor !== null ? Object.keys(processor) : [];
    const isOne = keys.length === 1 && /^[A-Z]/.test(keys[0]!);
    must(isOne, `${at}.${i}`, processor, 'be an object with one processor, such as { ParseJSON: {} }: correct it');
    return keys[0]!;
  });
  must(PARSERS.includes(names[0]!), at, names[0], `begin with a parser: put one of ${PARSERS.join(', ')} first`);
  const parsers = names.filter((name) => PARSERS.includes(name));
  must(parsers.length <= PARSERS_MAX, at, parsers, `have at most ${PARSERS_MAX} parsers: remove some`);
  const late = names.slice(1).find((name) => VENDED.includes(name));
  must(late === undefined, at, late, 'be the first processor, as it reads logs of AWS: move it, or remove it');
  const twice = ONCE.find((name) => names.indexOf(name) !== names.lastIndexOf(name));
  must(twice === undefined, at, twice, 'be there once: make one processor of both');
}

/** Options of the records on their way to the sink: their lines, their selection and their number. */
import { CONTAINER_SETTINGS } from '../../catalog/records/container-settings.js';
import { bindSettings } from '../sinks/bind.js';
import type { ConfigMapFile, SecretFile } from '../sinks/sink-config.js';
import { type Budget, billBindings, type FlightRecorder, type StageModule, stageFile } from './bill-options.js';
import { type EventOptions, eventBindings } from './event-options.js';
import { type ExpectedBill, expectedBillBindings } from './expected-bill.js';
import { type FieldOptions, fieldBindings } from './field-options.js';
import { patternsFile, type Redaction, redactionBindings } from './redaction-options.js';
import { type TextOptions, textBindings } from './text-options.js';

const { containerSettings: containerRow } = CONTAINER_SETTINGS;

/** Options of the records on their way to the sink. */
export interface RecordOptions {
  /**
   * Lines that belong together and become one record, such as a stack trace.
   *
   * @default - `EventMode.AUTO`
   */
  readonly events?: EventOptions;

  /**
   * Fields that the shipper reads from records, and fields that it puts on them.
   *
   * @default - fields are read from the text
   */
  readonly fields?: FieldOptions;

  /**
   * Characters of the messages: their character set, and control sequences of terminals.
   *
   * @default - UTF-8, and sequences stay
   */
  readonly text?: TextOptions;

  /**
   * Secrets that the shipper hides in each record. The container's own log still has them, unless `suppressStreams` is set.
   *
   * @default - nothing is hidden
   */
  readonly redact?: Redaction;

  /**
   * Rules that keep, drop or sample records, such as `drop level<info`. The first rule whose conditions all hold decides, and
   * a record without a matching rule is kept. `docs/guides/halve-the-bill.md` has the grammar.
   *
   * @default - every record is kept
   */
  readonly rules?: string[];

  /**
   * Limits on the records that the shipper sends.
   *
   * @default - no limits
   */
  readonly budget?: Budget;

  /**
   * What the records are expected to cost in CloudWatch Logs: finding LT038, and LT039 above the most that they may cost. Those of a
   * container whose `sink` has a log group of its own are in the `bill` of the container.
   *
   * @default - no estimate
   */
  readonly bill?: ExpectedBill;

  /**
   * Keeps details in memory and sends them only around an error.
   *
   * @default - no flight recorder
   */
  readonly flightRecorder?: FlightRecorder;

  /**
   * A module that changes or withholds records, before the rules.
   *
   * @default - no module
   */
  readonly stage?: StageModule;
}

/** The part of the shipper's configuration that follows from the options. */
export interface RecordConfig {
  readonly settings: Readonly<Record<string, string>>;
  readonly secretFiles: readonly SecretFile[];
  readonly configMapFiles: readonly ConfigMapFile[];
}

/**
 * @param containers the setting for what differs by container, if anything does
 * @throws with the property, the rule and the remedy if the shipper would reject the settings at start
 */
export function resolveRecords(
  options: RecordOptions,
  containers: Readonly<Record<string, string>> = {},
): RecordConfig {
  const { events = {}, fields = {}, text = {}, redact = {}, stage } = options;
  const bindings = [
    eventBindings(events),
    fieldBindings(fields),
    textBindings(text),
    redactionBindings(redact),
    billBindings(options),
    expectedBillBindings(options.bill),
    { property: 'perContainer', setting: containerRow, value: containers[containerRow.name] },
  ];
  return {
    ...bindSettings(bindings.flat()),
    configMapFiles: [
      ...(stage === undefined ? [] : [stageFile(stage)]),
      ...(redact.patterns === undefined ? [] : [patternsFile(redact.patterns)]),
    ],
  };
}

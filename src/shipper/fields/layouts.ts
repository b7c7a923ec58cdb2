/**
 * The layouts in which programs write lines: the defaults of logging libraries and servers. The time is read first, and what
 * follows it decides. Every pattern is bound to the beginning of its text, so that each looks at a line once.
 */
import type { Fields } from './read-fields.js';
import { SERVER_LAYOUTS, SERVERS_AFTER_TIME } from './server-layouts.js';

/**
 * A pattern whose groups `logger`, `thread` and `time` are fields; its other groups are attributes, under their names. The names are
 * taken out of it: the engine would make an object of them for each match, which costs more than the match.
 */
interface Layout {
  readonly pattern: RegExp;
  /** Of its groups, in their order. */
  readonly names: readonly string[];
}

const NAMED_GROUP = /\(\?<(\w+)>/g;

const layoutOf = (source: string): Layout => ({
  pattern: new RegExp(`^${source.replace(NAMED_GROUP, '(')}`),
  names: [...source.matchAll(NAMED_GROUP)].map(([, name]) => name!),
});

const CLOCK = String.raw`\d{1,2}:\d\d:\d\d(?:[.,:]\d{1,9})?`;
const ZONE = String.raw`(?: ?[AP]M)?(?:Z| ?[+-]\d\d:?\d\d|[+-]\d\d(?=[\s\],|]|$)| (?:UTC|GMT|MSK|[A-Z]{2,3}T)\b)?`;
const DATE = [
  String.raw`\d{4}[-/.]\d\d[-/.]\d\d[T _]{1,2}`,
  String.raw`\d{1,2}[-/ ][A-Z][a-z]{2}[-/ ]\d{4}[: ]{1,2}`,
  String.raw`(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} {1,2}\d{1,2},? (?:\d{4},? )?`,
  String.raw`\d{1,2}/\d{1,2}/\d{2,4},? `,
  String.raw`\d{6} {1,2}`,
  String.raw`\d{8} `,
].join('|');
const TIME = new RegExp(`^([[<]|#{4}<)?((?:${DATE})?${CLOCK}${ZONE}(?: \\d{4}(?=\\]))?)`);
const LEVEL = '(?:[A-Z]{3,13}|[A-Z]?[a-z]{2,12})';
const CAPITALS =
  '(?:FINEST|FINER|FINE|CONFIG|TRACE|VERBOSE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|SEVERE|CRITICAL|ALERT|EMERGENCY|FATAL|PANIC|VRB|TRC|DBG|INF|WRN|ERR|CRT|FTL)';
/** Of Java, Python or .NET: a name with dots, so that an ordinary word is none. */
const DOTTED = String.raw`[A-Za-z_][\w$]*(?:[./][\w$<>]+)+`;
const NAME = String.raw`[\w$][\w.$/-]*`;

/** Behind a time that is not in brackets. */
const AFTER_TIME: readonly Layout[] = [
  // Spring Boot: the name of the application came with 3.2.
  String.raw`\s+${CAPITALS}\s+(?:\[[^\]]*\]\s+)?(?<pid>\d+) --- (?:\[(?<application>[^\]]*)\] (?=\[ *[^\]\s]+\] (?!:)))?\[ *(?<thread>[^\]]+?)\] (?:\[[^\]]*\] )?(?<logger>${NAME})\s*: `,
  // Logback and Log4j, the thread first; log4net.
  String.raw` \[(?<thread>[^\]]+)\] ${CAPITALS}\s+(?<logger>${NAME})(?::\d+)?(?: \[?\(?[\w ]*\)?\]?)? --? `,
  String.raw` \[(?<thread>[^\]]+)\] ${CAPITALS}\s+(?<logger>${DOTTED}):? `,
  String.raw` ${CAPITALS}\s+\[(?<logger>${DOTTED}|[a-z][\w.]*)\] \((?<thread>[^)]+)\) `,
  String.raw` (?:- )?${CAPITALS}\s+\[(?<thread>[^\]]+)\] (?<logger>${DOTTED})(?:\s|:)`,
  String.raw` \[myid:[^\]]*\] - ${CAPITALS}\s+\[(?<thread>.+):(?<logger>[\w$.]+)@(?<line>\d+)\] `,
  String.raw` - ${CAPITALS}\s+\[(?<thread>.+):(?<logger>[\w$.]+)@(?<line>\d+)\] `,
  String.raw` ${CAPITALS}\s+(?<logger>${DOTTED}):\s`,
  String.raw` ${CAPITALS}\s+(?<thread>\d+) --- \[`,
  String.raw` \| ${CAPITALS}\s*\| (?<thread>[^|]+?)\s*\| (?<logger>${DOTTED})\s*\| `,
  String.raw` ${CAPITALS}\s+(?<logger>${DOTTED})(?::(?<line>\d+))? - `,
  // Loguru.
  String.raw` \| ${CAPITALS}\s*\| (?<logger>[\w.]+):(?<function>[\w<>]+):(?<line>\d+) - `,
  // Python.
  String.raw` - (?<logger>[\w.-]+) - ${CAPITALS} - `,
  ` (?<logger>root|${DOTTED}) ${CAPITALS}:? `,
  // Rust, zap, hclog, RabbitMQ.
  String.raw`\s+${CAPITALS}\s+(?:ThreadId\((?<thread>\d+)\) )?(?<logger>\w+(?:::\w+)*): `,
  String.raw`\t${LEVEL}\t(?:(?<logger>[\w.-]+)\t)?(?<source>[\w./-]+:\d+)\t`,
  String.raw` \[${CAPITALS}\]\s+(?<logger>[\w.-]+): `,
  String.raw` \[${LEVEL}\] <(?<process>\d+\.\d+\.\d+)> `,
  // Go.
  String.raw` (?<source>[\w./-]+\.go:\d+): `,
  // NLog, winston, .NET.
  String.raw`\|${LEVEL}\|(?<logger>[\w.]+)\|`,
  String.raw` \[(?<logger>[\w.-]+)\] [a-z]+: `,
  String.raw` (?:trce|dbug|info|warn|fail|crit): (?<logger>[\w.]+)\[(?<eventId>-?\d+)\]`,
  // MongoDB before 4.4.
  String.raw` [DIWEF] (?<logger>[A-Z]+|-)\s+\[(?<thread>[^\]]+)\] `,
  ...SERVERS_AFTER_TIME,
].map(layoutOf);

/** Behind a time in brackets. */
const AFTER_BRACKETED_TIME: readonly Layout[] = [
  // Elasticsearch, Kafka.
  String.raw`\]\[${CAPITALS}\s*\]\[(?<logger>[^\]\s]+) *\] (?:\[(?<node>[^\]]*)\])?`,
  String.raw`\] ${CAPITALS} .*\((?<logger>[\w$]+[.][\w$.]+)\)$`,
  // Gunicorn, Celery, Airflow.
  String.raw`\] \[(?<pid>\d+)\] \[${CAPITALS}\]`,
  String.raw`: ${CAPITALS}/(?<process>[\w-]+)\]`,
  String.raw`\] \{(?<source>[\w./-]+:\d+)\} ${CAPITALS} - `,
  // Rust's env_logger, Monolog, Serilog, WebLogic.
  String.raw` ${CAPITALS}\s+(?<logger>[\w:]+)\] `,
  String.raw`\] (?<logger>[\w-]+)\.${CAPITALS}: `,
  String.raw`(?: [A-Za-z ]{3,60})?> <\w+> <(?<logger>[^>]*)> (?:<[^>]*> <[^>]*> <(?<thread>(?:\[[^\]]*\])?[^>]*)>)?(?:.*?<(?<code>[A-Z]{2,8}-\d{1,8})> )?`,
  // WebSphere, Open Liberty.
  String.raw`\] (?<thread>[0-9a-f]{8}) (?<logger>[\w.$]+) +[FEWAICDOR123<>] +(?:(?<code>[A-Z]{4,5}\d{4}[A-Z]): )?`,
  // Envoy.
  String.raw`\] "(?<method>[A-Z]{3,16}) (?<path>[^\s"]+) (?<protocol>[A-Z]+/[\d.]+)" (?<status>\d{1,3}) (?<flags>\S+) (?:via_upstream )?(?:.*?"[^"]*" "(?<userAgent>[^"]*)" "(?<requestId>[^"]*)" "(?<authority>[^"]*)" "(?<upstream>[^"]*)")?`,
  // Apache.
  String.raw`\] \[(?:(?<logger>\w+):)?\w+\](?: \[pid (?<pid>\d+)(?::tid (?<thread>\d+))?\])?(?: \[client (?<client>[^\]]+)\])?`,
].map(layoutOf);

/** Lines that do not begin with a time. */
const OTHERS: readonly Layout[] = [
  ...SERVER_LAYOUTS,
  // klog, Ruby, Erlang.
  String.raw`[IWEFD](?<time>\d{4}(?:\d{4})? ${CLOCK})\s+(?<thread>\d+) (?<source>[^\s\]]+:\d+)\]`,
  String.raw`[DIWEFUA], \[(?<time>\S+) #(?<pid>\d+)\]\s+[A-Z]+ -- (?<logger>[^:]*): `,
  String.raw`=[A-Z]+ REPORT==== (?<time>\S+) ===`,
  // Python, .NET.
  String.raw`(?:DEBUG|INFO|WARNING|ERROR|CRITICAL):(?<logger>[\w.]+):`,
  String.raw`(?:trce|dbug|info|warn|fail|crit): (?<logger>[\w.]+)\[(?<eventId>-?\d+)\]`,
  String.raw`<[0-7]>(?<logger>[\w.]+)\[(?<eventId>-?\d+)\] `,
  // Log4j's TTCC, Cassandra.
  String.raw`(?<milliseconds>\d{1,10}) +\[(?<thread>[^\]]+)\] ${CAPITALS}\s+(?<logger>${NAME})(?: [\w ]*)? - `,
  // The level first; Dropwizard.
  String.raw`\[?${CAPITALS}\]?\s+(?<time>\d{4}-\d\d-\d\d ${CLOCK}) \[(?<thread>[^\]]+)\] (?<logger>${NAME}) - `,
  String.raw`${CAPITALS}\s+\[(?<time>\d{4}-\d\d-\d\d[T ]${CLOCK})\] (?<logger>${DOTTED}): `,
  String.raw`${CAPITALS}\s+\[(?<thread>[^\]]+)\] (?<time>\d{4}-\d\d-\d\d ${CLOCK}) (?<source>\w+\.\w+:\d+) - `,
].map(layoutOf);

/** java.util.logging: time and source, and the level on the next line. */
const SOURCE_AND_LEVEL = [layoutOf(String.raw` (?<logger>[\w$.]+)(?: (?<method>[\w$<>]+))?\r?\n[A-Z]{4,13}: `)];
const ESCAPES = new RegExp(`${String.fromCharCode(0x1b)}\\[[0-9;]*m`, 'g');

export function fieldsOfLine(coloured: string): Omit<Fields, 'severity'> | undefined {
  const text = coloured.includes('\u001b[') ? coloured.replace(ESCAPES, '') : coloured;
  const timed = TIME.exec(text);
  if (timed === null) return firstOf(OTHERS, text);
  const [whole, open, time] = timed;
  const rest = text.slice(whole.length);
  const found =
    open !== undefined
      ? firstOf(AFTER_BRACKETED_TIME, rest)
      : (firstOf(AFTER_TIME, rest) ?? firstOf(SOURCE_AND_LEVEL, rest) ?? firstOf(OTHERS, text));
  return { time: time!, ...found };
}

function firstOf(layouts: readonly Layout[], text: string): Omit<Fields, 'severity'> | undefined {
  for (const { pattern, names } of layouts) {
    const match = pattern.exec(text);
    if (match !== null) return fieldsOfMatch(match, names);
  }
  return undefined;
}

function fieldsOfMatch(match: RegExpExecArray, names: readonly string[]): Omit<Fields, 'severity'> {
  const fields: { logger?: string; thread?: string; time?: string; attributes?: Record<string, string> } = {};
  for (let i = 0; i < names.length; i++) {
    const value = match[i + 1];
    // A server writes an unknown value as `-`.
    if (value === undefined || value === '' || value === '-') continue;
    const name = names[i]!;
    if (name === 'thread') fields.thread = value.trim();
    else if (name === 'logger' || name === 'time') fields[name] = value;
    else if (value !== '[unknown]') {
      fields.attributes ??= {};
      fields.attributes[name] = value;
    }
  }
  return fields;
}

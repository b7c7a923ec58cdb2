/** Layouts of servers: syslog, access logs, databases. Sources of patterns, each bound to the beginning of its text. */

const CLOCK = String.raw`\d\d:\d\d:\d\d(?:[.,]\d{1,9})?`;
const ISO = String.raw`\d{4}-\d\d-\d\dT${CLOCK}(?:Z|[+-]\d\d:?\d\d)?`;
const BSD = String.raw`[A-Z][a-z]{2} [ \d]\d ${CLOCK}`;
const PROGRAM = String.raw`(?<program>[^\s:[\]<]{1,128})`;
const QUOTED = String.raw`(?:[^"\\]|\\.)*`;
const REQUEST = String.raw`"(?:(?<method>[A-Z]{3,16}) (?<path>[^\s"]+)(?: (?<protocol>[A-Z]+/[\d.]+))?|${QUOTED})"`;

const HAPROXY = String.raw`(?:(?:<\d{1,3}>)?(?:${BSD}|${ISO}) (?:[\w.:-]+ )?haproxy\[(?<pid>\d+)\]: )?(?<client>[\w.:[\]]+:\d+) \[(?<time>\d\d/[A-Z][a-z]{2}/\d{4}:${CLOCK})\] (?<frontend>[\w.~-]+) (?<backend>[\w.-]+)/(?<server>\S+) (?<times>[\d/+-]+)`;

export const SERVER_LAYOUTS: readonly string[] = [
  // Access logs of Apache, nginx, Tomcat and their like: common, combined, with or without a virtual host in front.
  String.raw`(?:(?<virtualHost>[\w.-]+:\d+) )?(?<client>[^\s[]+) \S+ (?<user>[^[]*?) \[(?<time>\d\d/[A-Z][a-z]{2}/\d{4}[: ]${CLOCK}(?: (?:[+-]\d{4}|[A-Z]{3,4}))?)\] ${REQUEST} (?<status>\d{3}) (?<bytes>\d+|-)(?: "(?<referrer>${QUOTED})" "(?<userAgent>${QUOTED})")?(?=\s|$)`,
  // HAProxy, an HTTP request and a connection, also behind the head of syslog.
  String.raw`${HAPROXY} (?<status>\d{3}|-1) (?<bytes>\d+) (?:\S+ ){2}(?<termination>[\w-]{4}) \S+ \S+(?: \{[^}]*\}){0,2} "(?:(?<method>[A-Z]{3,16}) (?<path>\S+)(?: (?<protocol>[A-Z]+/[\d.]+))?|[^"]*)"`,
  String.raw`${HAPROXY} (?<bytes>\d+) (?<termination>[\w-]{2}) `,
  // Squid.
  String.raw`(?<time>\d{10}\.\d{3}) +(?<milliseconds>\d+) (?<client>\S+) (?<result>[A-Z_]+)/(?<status>\d{3}) (?<bytes>\d+) (?<method>[A-Z_]+) (?<path>\S+) (?<user>\S+) (?<server>\S+) (?<contentType>\S+)`,
  // RFC 5424.
  String.raw`<\d{1,3}>1 (?<time>\S+) (?<host>\S+) (?<program>\S+) (?<pid>\S+) (?<messageId>\S+) (?:-|\[)`,
  // RFC 3164 as servers relay it, and as a program sends it.
  String.raw`(?:<\d{1,3}>)?(?<time>${BSD}|${ISO}) (?<host>[\w.:-]+) ${PROGRAM}\[(?<pid>\d+)\]: `,
  String.raw`(?:<\d{1,3}>)?(?<time>${BSD}) (?<host>[\w.:-]+) ${PROGRAM}: `,
  String.raw`<\d{1,3}>(?<time>${ISO}) (?<host>[\w.:-]+) ${PROGRAM}: `,
  String.raw`<\d{1,3}>(?<time>${BSD}) ${PROGRAM}(?:\[(?<pid>\d+)\])?: `,
  // IIS with its default fields.
  String.raw`(?<time>\d{4}-\d\d-\d\d ${CLOCK}) (?<server>\S+) (?<method>[A-Z]+) (?<path>/\S*) (?<query>\S+) (?<port>\d+) (?<user>\S+) (?<client>\S+) (?<userAgent>\S+) (?<referrer>\S+) (?<status>\d{3}) (?<substatus>\d+) (?<win32Status>\d+)(?: (?<milliseconds>\d+))?$`,
  // Redis and Valkey.
  String.raw`(?<pid>\d+):[MSCX] (?<time>\d\d [A-Z][a-z]{2} \d{4} ${CLOCK}) [.*#-] `,
];

/** Behind a time that is not in brackets. */
export const SERVERS_AFTER_TIME: readonly string[] = [
  // nginx.
  String.raw` \[[a-z]+\] (?<pid>\d+)#(?<thread>\d+):(?: \*(?<connection>\d+))?(?: .*, client: (?<client>[^,]+), server: (?<server>[^,]*)(?:, request: "(?<request>[^"]*)")?)?`,
  // PostgreSQL, MySQL, Tomcat.
  String.raw` \[(?<pid>\d+)(?:-\d+)?\] (?:(?<user>[^\s@]*)@(?<database>\S*) )?[A-Z]+\d?:\s`,
  String.raw` (?:(?<thread>\d+) )?\[(?:Note|Warning|ERROR|System)\](?: \[(?<code>[\w-]+)\] \[(?<logger>\w+)\])? `,
  String.raw` [A-Z]{4,7} \[(?<thread>[^\]]+)\] (?<logger>[\w$]+(?:\.[\w$<>]+)+) `,
];

/**
 * A referee for the documented limits of CloudWatch Logs, which no emulator enforces: what the service would refuse is
 * refused, with the service's error, and what it would accept is kept. It decodes requests by itself and shares no code
 * with the shipper. Faults can be scripted.
 *
 * Limits: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { AWS_ENV } from './sinks-read-back.js';

const MIB = 1_048_576;
const OVERHEAD = 26;
const DAY_MS = 86_400_000;
const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

export interface StoredEvent {
  readonly timestamp: number;
  readonly message: string;
}

export interface LogGroup {
  retentionDays?: number;
  readonly class?: string;
  readonly kmsKeyId?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly streams: Map<string, StoredEvent[]>;
}

/** Of all operations; what is of the wrong type is refused where it matters. */
export interface Input {
  readonly logGroupName: string;
  readonly logStreamName: string;
  readonly logGroupNamePrefix?: string;
  readonly logEvents: readonly StoredEvent[];
  readonly entity?: unknown;
  readonly logGroupClass?: string;
  readonly kmsKeyId?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly retentionInDays: number;
  readonly startTime: number;
  readonly endTime: number;
  readonly nextToken?: string;
  readonly limit?: number;
}

/** What happens to the next request instead of an answer. */
export type Fault =
  | { readonly status: number; readonly type: string; readonly message?: string }
  | { readonly status: number; readonly body: string }
  | 'cut'
  /** After the request was carried out. */
  | 'served, cut'
  | 'hang';

export interface Call {
  readonly operation: string;
  readonly headers: IncomingMessage['headers'];
  readonly input: Input;
}

class ServiceError extends Error {
  constructor(
    readonly type: string,
    message: string,
    readonly status = 400,
  ) {
    super(message);
  }
}

const invalid = (message: string) => new ServiceError('InvalidParameterException', message);

export class CloudWatchFake {
  readonly groups = new Map<string, LogGroup>();
  readonly calls: Call[] = [];
  readonly faults: Fault[] = [];
  connections = 0;
  /** Added to the clock of this machine. */
  clockOffsetMs = 0;
  /** Stops the clock. */
  stoppedMs: number | undefined;
  /** An endpoint that does not inflate says so, or reads what it is sent. */
  gzip: 'inflated' | 'refused' | 'read as it is' = 'inflated';
  /** What was refused for its content, in words: nothing that a limit is passed by may be sent. */
  readonly refusals: string[] = [];
  secretOf: (accessKeyId: string) => string = () => AWS_ENV.AWS_SECRET_ACCESS_KEY;
  /** Of one event, its 26 bytes included. */
  eventMaxBytes = MIB;
  /** So many events of each request are refused as too old, regardless of their time. */
  tooOldEvents = 0;
  /** What happens to the next GetLogEvents, which takes none of the other faults. */
  readonly readFaults: Fault[] = [];
  /** Operations without the right to them. */
  readonly denied = new Set<string>();
  /** Entities are refused with this error type. */
  entityError: string | undefined;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response));
    this.#server.on('connection', () => {
      this.connections += 1;
    });
  }

  static async start(): Promise<CloudWatchFake> {
    const fake = new CloudWatchFake();
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get now(): number {
    return (this.stoppedMs ?? Date.now()) + this.clockOffsetMs;
  }

  /** Makes a group with one stream. */
  make(group: string, stream: string, retentionDays?: number): LogGroup {
    const made: LogGroup = { streams: new Map([[stream, []]]), ...(retentionDays && { retentionDays }) };
    this.groups.set(group, made);
    return made;
  }

  events(group: string, stream: string): readonly StoredEvent[] {
    return this.groups.get(group)?.streams.get(stream) ?? [];
  }

  operations(): string[] {
    return this.calls.map(({ operation }) => operation);
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const send = (status: number, body: string) => {
        response.writeHead(status, {
          'content-type': 'application/x-amz-json-1.1',
          date: new Date(this.now).toUTCString(),
          'x-amzn-requestid': `request-${this.calls.length}`,
        });
        response.end(body);
      };
      const isRead = request.headers['x-amz-target'] === 'Logs_20140328.GetLogEvents';
      const fault = (isRead ? this.readFaults : this.faults).shift();
      if (fault === 'hang') return;
      if (fault === 'served, cut') this.#serve(request, Buffer.concat(chunks));
      if (fault === 'cut' || fault === 'served, cut') {
        request.socket.destroy();
        return;
      }
      try {
        if (fault !== undefined) {
          if ('body' in fault) return send(fault.status, fault.body);
          throw new ServiceError(fault.type, fault.message ?? 'scripted', fault.status);
        }
        send(200, JSON.stringify(this.#serve(request, Buffer.concat(chunks))));
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        if (fault === undefined && error.type === 'InvalidParameterException') this.refusals.push(error.message);
        send(error.status, JSON.stringify({ __type: error.type, message: error.message }));
      }
    });
  }

  #serve({ headers }: IncomingMessage, sent: Buffer): unknown {
    const operation = String(headers['x-amz-target']).replace('Logs_20140328.', '');
    this.#checkSignature(headers, sent);
    const isGzip = headers['content-encoding'] === 'gzip';
    if (isGzip && this.gzip === 'refused') {
      throw new ServiceError('SerializationException', 'unsupported content encoding gzip', 415);
    }
    const input = parse(isGzip && this.gzip === 'inflated' ? inflate(sent) : sent);
    this.calls.push({ operation, headers, input });
    if (this.denied.has(operation))
      throw new ServiceError('AccessDeniedException', `not authorized: logs:${operation}`);
    switch (operation) {
      case 'PutLogEvents':
        return this.#putLogEvents(input);
      case 'GetLogEvents':
        return this.#getLogEvents(input);
      case 'CreateLogGroup':
        return this.#createLogGroup(input);
      case 'CreateLogStream':
        return this.#createLogStream(input);
      case 'PutRetentionPolicy':
        return this.#putRetentionPolicy(input);
      case 'DescribeLogGroups':
        return {
          logGroups: [...this.groups]
            .filter(([name]) => name.startsWith(input.logGroupNamePrefix ?? ''))
            .map(([logGroupName, group]) => ({ logGroupName, logGroupClass: group.class ?? 'STANDARD' })),
        };
      default:
        throw new ServiceError('UnknownOperationException', operation);
    }
  }

  #checkSignature(headers: IncomingMessage['headers'], body: Buffer): void {
    const [, accessKeyId, region] =
      /^AWS4-HMAC-SHA256 Credential=(\w+)\/\d{8}\/([\w-]+)\/logs\/aws4_request/.exec(headers.authorization ?? '') ?? [];
    if (accessKeyId === undefined || region === undefined) {
      throw new ServiceError('MissingAuthenticationTokenException', 'Missing Authentication Token');
    }
    const keys = { accessKeyId, secretAccessKey: this.secretOf(accessKeyId) };
    if (headers.authorization !== authorization(headers, body, region, keys)) {
      throw new ServiceError('InvalidSignatureException', 'The request signature we calculated does not match');
    }
    const [, y, mo, d, h, mi, s] =
      /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(String(headers['x-amz-date'])) ?? [];
    const signed = Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
    if (!(Math.abs(signed - this.now) < 5 * 60_000)) {
      throw new ServiceError('InvalidSignatureException', `Signature expired: ${headers['x-amz-date']}`);
    }
  }

  #createLogGroup({ logGroupName, logGroupClass, kmsKeyId, tags }: Input): unknown {
    if (tags && this.denied.has('TagResource')) {
      throw new ServiceError('AccessDeniedException', 'not authorized to perform: logs:TagResource');
    }
    if (!/^[.\-_/#A-Za-z0-9]{1,512}$/.test(logGroupName)) throw invalid('logGroupName');
    if (this.groups.has(logGroupName)) {
      throw new ServiceError('ResourceAlreadyExistsException', 'The specified log group already exists');
    }
    this.groups.set(logGroupName, {
      ...(logGroupClass && { class: logGroupClass }),
      ...(kmsKeyId && { kmsKeyId }),
      ...(tags && { tags }),
      streams: new Map(),
    });
    return {};
  }

  #createLogStream({ logGroupName, logStreamName }: Input): unknown {
    const { streams } = this.#group(logGroupName);
    if (!/^[^:*]{1,512}$/.test(logStreamName)) throw invalid('logStreamName');
    if (streams.has(logStreamName)) {
      throw new ServiceError('ResourceAlreadyExistsException', 'The specified log stream already exists');
    }
    streams.set(logStreamName, []);
    return {};
  }

  #putRetentionPolicy({ logGroupName, retentionInDays }: Input): unknown {
    if (!RETENTION_DAYS.includes(retentionInDays)) throw invalid('retentionInDays');
    this.#group(logGroupName).retentionDays = retentionInDays;
    return {};
  }

  #group(name: string): LogGroup {
    const group = this.groups.get(name);
    if (group === undefined) {
      throw new ServiceError('ResourceNotFoundException', 'The specified log group does not exist.');
    }
    return group;
  }

  #putLogEvents({ logGroupName, logStreamName, logEvents, entity }: Input): unknown {
    this.#checkEvents(logEvents);
    const group = this.#group(logGroupName);
    const stream = group.streams.get(logStreamName);
    if (stream === undefined) {
      throw new ServiceError('ResourceNotFoundException', 'The specified log stream does not exist.');
    }
    const { now } = this;
    const times: number[] = logEvents.map(({ timestamp }: StoredEvent) => timestamp);
    const count = (isRefused: (time: number) => boolean) => times.filter(isRefused).length;
    const retentionMs = group.retentionDays === undefined ? undefined : group.retentionDays * DAY_MS;
    const tooOld = Math.max(
      count((time) => time < now - 14 * DAY_MS),
      Math.min(this.tooOldEvents, times.length),
    );
    const expired = retentionMs === undefined ? 0 : count((time) => time < now - retentionMs);
    const tooNew = count((time) => time > now + 2 * 3_600_000);
    const valid = times.slice(tooOld, times.length - tooNew);
    if (valid.length > 0 && valid.at(-1)! - valid[0]! >= DAY_MS) {
      throw invalid('The batch of log events in a single PutLogEvents request cannot span more than 24 hours.');
    }
    stream.push(...logEvents.slice(Math.max(tooOld, expired), times.length - tooNew));
    const rejected = {
      ...(tooOld > 0 && { tooOldLogEventEndIndex: tooOld }),
      ...(expired > 0 && { expiredLogEventEndIndex: expired }),
      ...(tooNew > 0 && { tooNewLogEventStartIndex: times.length - tooNew }),
    };
    const isEntityRefused = entity !== undefined && this.entityError !== undefined;
    return {
      nextSequenceToken: '1',
      ...(Object.keys(rejected).length > 0 && { rejectedLogEventsInfo: rejected }),
      ...(isEntityRefused && { rejectedEntityInfo: { errorType: this.entityError } }),
    };
  }

  /** From the newest page on; tokens are the number of events that were shown, and the last one repeats. */
  #getLogEvents({ logGroupName, logStreamName, startTime, endTime, nextToken, limit = 10_000 }: Input): unknown {
    const stream = this.#group(logGroupName).streams.get(logStreamName);
    if (stream === undefined) {
      throw new ServiceError('ResourceNotFoundException', 'The specified log stream does not exist.');
    }
    if (!(limit >= 1 && limit <= 10_000)) throw invalid('limit');
    // Behind the newest event.
    if (nextToken?.startsWith('f/')) return { events: [], nextBackwardToken: 'b/0', nextForwardToken: nextToken };
    const inTime = stream.filter(({ timestamp }) => timestamp >= startTime && timestamp < endTime);
    inTime.sort((one, other) => one.timestamp - other.timestamp);
    const shown = Number(nextToken?.slice(2) ?? 0);
    let [from, bytes] = [inTime.length - shown, 0];
    while (from > 0 && inTime.length - shown - from < limit) {
      bytes += Buffer.byteLength(inTime[from - 1]!.message) + OVERHEAD;
      if (bytes > MIB) break;
      from -= 1;
    }
    return {
      events: inTime.slice(from, inTime.length - shown),
      nextBackwardToken: `b/${inTime.length - from}`,
      nextForwardToken: 'f/0',
    };
  }

  #checkEvents(events: unknown): void {
    const length = (of: string, least: string) =>
      invalid(
        `1 validation error detected: Value ${of} failed to satisfy constraint: Member must have length ${least}`,
      );
    if (!Array.isArray(events) || events.length < 1) throw length("'[]' at 'logEvents'", 'greater than or equal to 1');
    if (events.length > 10_000) throw length("at 'logEvents'", 'less than or equal to 10000');
    let sum = 0;
    let last = 0;
    events.forEach(({ timestamp, message }: { timestamp: unknown; message: unknown }, i) => {
      if (typeof message !== 'string' || message.length < 1) {
        throw length(`'' at 'logEvents.${i + 1}.member.message'`, 'greater than or equal to 1');
      }
      if (!Number.isSafeInteger(timestamp) || (timestamp as number) < 0) throw invalid(`logEvents.${i + 1}.timestamp`);
      if (/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(message)) {
        throw invalid(`logEvents.${i + 1}.message is no well-formed Unicode`);
      }
      const size = Buffer.byteLength(message) + OVERHEAD;
      if (size > this.eventMaxBytes) {
        throw invalid(`Log event too large: ${size} bytes exceeds limit of ${this.eventMaxBytes}`);
      }
      sum += size;
      if ((timestamp as number) < last) {
        throw invalid('Log events in a single PutLogEvents request must be in chronological order.');
      }
      last = timestamp as number;
    });
    if (sum > MIB) throw invalid(`Upload too large: ${sum} bytes exceeds limit of ${MIB}`);
  }
}

/** What another implementation of the signature makes of a request. */
function authorization(
  headers: IncomingMessage['headers'],
  body: Buffer,
  region: string,
  keys: { accessKeyId: string; secretAccessKey: string },
): string | undefined {
  const { sign } = require('aws4') as {
    sign: (request: object, keys: object) => { headers: Record<string, string> };
  };
  const names = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '')?.[1]?.split(';') ?? [];
  const signed = Object.fromEntries(names.map((name) => [name, headers[name]]));
  const request = { method: 'POST', path: '/', service: 'logs', region, body, headers: signed };
  // The length is signed by some clients and not by others.
  const extraHeadersToIgnore = { 'content-length': !names.includes('content-length') };
  const sessionToken = headers['x-amz-security-token'];
  return sign({ ...request, extraHeadersToIgnore }, { ...keys, sessionToken }).headers.Authorization;
}

function inflate(body: Buffer): Buffer {
  try {
    return gunzipSync(body);
  } catch {
    throw new ServiceError('SerializationException', 'the body is no gzip');
  }
}

function parse(body: Buffer): Input {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body));
  } catch {
    throw new ServiceError('SerializationException', 'the body is no JSON in UTF-8');
  }
}

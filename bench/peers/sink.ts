/**
 * The services that peers send to, in memory: they answer as OpenSearch, CloudWatch Logs and a receiver of OTLP answer, and know which lines
 * they have, by the marks of lines.ts.
 */
import { once } from 'node:events';
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { Marks } from './marks.js';

export interface SinkOptions {
  readonly lines: number;
  /** Before each answer. */
  readonly latencyMs?: number;
  /** In PEM; without them it speaks HTTP. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer };
  /** Called for lines that are new, with the first and the last of a request. */
  readonly onRequest?: (first: number, last: number) => void;
}

export interface CountingSink {
  readonly url: string;
  readonly marks: Marks;
  /** Bytes that it received, as they were on the wire, with headers and TLS. */
  wireBytes(): number;
  /** While it is true, every request is answered with 503 and nothing of it is kept. */
  isDown: boolean;
  close(): void;
}

const NEWLINE = 0x0a;

function newlines(body: Buffer): number {
  let found = 0;
  for (let at = body.indexOf(NEWLINE); at >= 0; at = body.indexOf(NEWLINE, at + 1)) found += 1;
  return found;
}

/** A service leaves out of its answer the fields that a filter does not name. */
function isAsked(url: string, field: string): boolean {
  const filter = new URL(url, 'http://localhost').searchParams.get('filter_path');
  return filter === null || filter.split(',').some((each) => each === field || each.startsWith(`${field}.`));
}

/** A full answer has what a node says of each document; a peer that asks for less (`filter_path`) gets the status. */
function bulkAnswer(url: string, body: Buffer): string {
  const documents = Math.floor(newlines(body) / 2);
  const verb = body.subarray(0, 12).includes('create') ? 'create' : 'index';
  const rest = url.includes('filter_path')
    ? ''
    : '"_index":"bench","_id":"Zk3vYJ0BhQ2x7T5n8sRw","_version":1,"result":"created","_shards":{"total":2,"successful":1,"failed":0},"_seq_no":1,"_primary_term":1,';
  const item = `{"${verb}":{${rest}"status":201}}`;
  const items = isAsked(url, 'items') ? `,"items":[${`${item},`.repeat(documents).slice(0, -1)}]` : '';
  return `{${isAsked(url, 'took') ? '"took":1,' : ''}"errors":false${items}}`;
}

/** winston-cloudwatch asks for the stream before each request. */
function describeAnswer(body: Buffer): string {
  const { logStreamNamePrefix = 'bench', logGroupNamePrefix = '/bench' } = JSON.parse(body.toString() || '{}');
  return JSON.stringify({
    logStreams: [{ logStreamName: logStreamNamePrefix, uploadSequenceToken: '1' }],
    logGroups: [{ logGroupName: logGroupNamePrefix }],
  });
}

interface Answer {
  readonly type: string;
  readonly body: string | Buffer;
}

function answerTo(request: IncomingMessage, body: Buffer): Answer {
  const url = request.url ?? '/';
  const action = request.headers['x-amz-target'];
  if (action !== undefined) {
    const isQuestion = String(action).includes('.Describe');
    return {
      type: 'application/x-amz-json-1.1',
      body: isQuestion ? describeAnswer(body) : '{"nextSequenceToken":"1"}',
    };
  }
  // An empty message of protobuf: everything was accepted.
  if (url.startsWith('/v1/logs')) return { type: 'application/x-protobuf', body: '' };
  if (url.includes('_bulk')) return { type: 'application/json', body: bulkAnswer(url, body) };
  return {
    type: 'application/json',
    body: '{"version":{"number":"3.4.0","distribution":"opensearch"},"acknowledged":true}',
  };
}

const hasDocuments = (request: IncomingMessage) => request.url?.includes('_bulk') ?? false;

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts);
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
}

/** Counts the received bytes of all its connections. */
function countBytes(server: { on(event: 'connection', listener: (socket: Socket) => void): unknown }): () => number {
  let ended = 0;
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => {
      open.delete(socket);
      ended += socket.bytesRead;
    });
  });
  return () => [...open].reduce((sum, { bytesRead }) => sum + bytesRead, ended);
}

export async function openSink({ lines, latencyMs = 0, tls, onRequest }: SinkOptions): Promise<CountingSink> {
  const marks = new Marks(lines);
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await bodyOf(request);
    if (sink.isDown) {
      response.statusCode = 503;
      return response.end('{"error":"down"}');
    }
    const { type, body: answer } = answerTo(request, body);
    if (latencyMs > 0) await sleep(latencyMs);
    const { first, last } = marks.take(body, hasDocuments(request));
    if (first >= 0) onRequest?.(first, last);
    response.setHeader('content-type', type);
    response.end(answer);
  };
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    // A peer that went away in the middle of a request.
    handle(request, response).catch(() => response.destroy());
  };
  const server = tls === undefined ? createHttp(listener) : createHttps(tls, listener);
  const wireBytes = countBytes(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sink: CountingSink = {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    marks,
    wireBytes,
    isDown: false,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
  return sink;
}

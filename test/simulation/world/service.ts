/** Where the simulated shipper delivers to, and how that behaves for a while. */
import type { Answer } from './http.js';
import type { TcpConnection, TcpPeer } from './tcp.js';

export type Mood =
  | 'well'
  | 'slow'
  | 'down'
  | 'failing'
  | 'lying'
  | 'lost'
  | 'late'
  | 'twice'
  | 'busy'
  | 'misshapen'
  | 'closed';

export const MOODS: readonly Mood[] = [
  'slow',
  'down',
  'failing',
  'lying',
  'lost',
  'late',
  'twice',
  'busy',
  'misshapen',
  'closed',
];

export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Service {
  mood: Mood;
  answer(request: HttpRequest): Answer;
  /** Of a service that takes connections over TCP: who reads from it, or the code of an error. */
  accept?(connection: TcpConnection): TcpPeer | string;
}

/** Told of each document, or event, that is stored. */
export type OnStored = (text: string, id: string) => void;

/** What it refuses for good has this in its text. */
export const REFUSED_TEXT = 'refuse-me';
/** Longer than the shipper waits for an answer. */
export const LATE_MS = { least: 20_000, most: 70_000 };

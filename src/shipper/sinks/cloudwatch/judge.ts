/** Whether a refusal is about an event, or about every request. */
import { CONFIGURATION_RETRY_MS } from '../../delivery/backoff.js';
import type { Answer } from './answer.js';

/** Refusals of an event, unless one that is right is refused, too. */
export const ABOUT_THE_EVENT: ReadonlySet<Answer['kind']> = new Set(['refused', 'too_large', 'event_too_large']);

/** Messages are not shortened below this size: a refusal of one that is so small has another reason. */
const MESSAGE_MIN_BYTES = 1024;

/**
 * Whether it is the event that is refused. Where the service refuses an event that is right, too, it is about the
 * request: a key, an entity, a name. Then dropping records one by one would not help, and an operator has to fix it.
 */
export function judge(refusal: Answer, probe: Answer): Answer {
  if (probe.kind === 'accepted' || !('detail' in refusal)) return refusal;
  if (probe.kind === 'retry') return probe;
  const detail = `${refusal.detail} (with any event: is the KMS key enabled, are the names right?)`;
  const code = 'code' in refusal ? refusal.code : refusal.kind === 'too_large' ? '413' : 'InvalidParameterException';
  return { kind: 'retry', code, detail, afterMs: CONFIGURATION_RETRY_MS };
}

/** 0 where half of it is not worth another request. */
export function halfOf(bytes: number): number {
  return bytes < 2 * MESSAGE_MIN_BYTES ? 0 : Math.floor(bytes / 2);
}

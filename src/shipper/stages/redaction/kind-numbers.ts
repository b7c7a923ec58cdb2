/** The kinds that a scanner can find, by number: columns of finds hold numbers. */
import { REDACTION_KINDS, type RedactionKind } from '../../../catalog/records/redaction.js';

/** By kind, its index in REDACTION_KINDS. */
export const KIND = Object.fromEntries(REDACTION_KINDS.map((kind, i) => [kind, i])) as Record<RedactionKind, number>;

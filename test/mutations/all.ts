import { ACCOUNTING } from './accounting.js';
import { AUDIT } from './audit.js';
import { BUFFER } from './buffer.js';
import { DELIVERY } from './delivery.js';
import type { Mutation } from './mutation.js';
import { RINGS_AND_LIBRARY } from './rings.js';

/** By room, in the order of the table. */
export const MUTATIONS: Readonly<Record<string, readonly Mutation[]>> = {
  Delivery: DELIVERY,
  Buffer: BUFFER,
  'Rings and the library': RINGS_AND_LIBRARY,
  Accounting: ACCOUNTING,
  Audit: AUDIT,
};

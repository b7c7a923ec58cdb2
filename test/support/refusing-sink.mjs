/** A sink of a user's own that permanently refuses each record. */
/** @type {() => import('../../src/shipper/parts.js').Sink} */
export const openSink = () => ({
  name: 'refusing',
  limits: { maxRecords: 100, maxBytes: 100_000, recordOverheadBytes: 0 },
  send: async (batch) => ({
    retry: [],
    rejected: Array.from({ length: batch.count }, (_, index) => ({ index, reason: 'too_old' })),
  }),
  close: async () => {},
});

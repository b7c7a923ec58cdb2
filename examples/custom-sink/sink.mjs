// Sends records to the service of service.mjs. The shipper batches, keeps the order, retries and counts; this module says
// how one batch is sent and what the service answered.

/** @param {{ recordAt: Function, notice: (text: string) => void }} shipper */
export function openSink({ recordAt, notice }) {
  const url = process.env.LOG_SERVICE_URL;
  // An error at the start ends it with code 78, before any line is read.
  if (!url) throw new Error('LOG_SERVICE_URL is not set. Example: LOG_SERVICE_URL=http://127.0.0.1:8080/lines');
  notice(`sending to ${url}`);
  return {
    limits: { maxRecords: 500 },
    /** @param {{ count: number }} batch @param {AbortSignal} signal */
    async send(batch, signal) {
      const lines = Array.from({ length: batch.count }, (_, i) => {
        const { message, origin } = recordAt(batch, i);
        return { host: process.env.POD_NAME ?? 'local', stream: origin.stream, text: Buffer.from(message).toString() };
      });
      const headers = { 'content-type': 'application/json' };
      const { status } = await fetch(url, { method: 'POST', headers, body: JSON.stringify(lines), signal });
      // An error makes the whole batch go again, after a pause.
      if (status !== 204) throw new Error(`the service answered ${status}`);
    },
  };
}

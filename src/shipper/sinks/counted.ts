/** Counts each send of a sink as one request. Sinks over HTTP count their requests themselves, by the status of each answer. */
import { failureOf } from '../errors.js';
import type { Sink } from '../parts.js';

/** The sink itself but for `send`: a member that `Sink` gains is passed on, too. */
export function counted(sink: Sink, onRequest: (code: string, seconds: number) => void): Sink {
  const send: Sink['send'] = async (batch, signal, onProgress) => {
    const started = performance.now();
    const count = (code: string) => onRequest(code, (performance.now() - started) / 1000);
    try {
      const result = await sink.send(batch, signal, onProgress);
      count(result.failure?.code ?? 'ok');
      return result;
    } catch (error) {
      count(failureOf(error).code);
      throw error;
    }
  };
  return new Proxy(sink, {
    get(target, member) {
      if (member === 'send') return send;
      const value: unknown = Reflect.get(target, member);
      // Private fields belong to the sink, not to its wrapper.
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

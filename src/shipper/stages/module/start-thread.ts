/** The thread of a module stage. A file of its own, which is loaded with the first module: most shippers have none. */
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import type { Thread } from './module-stage.js';
import type { Expected, ToShipper } from './protocol.js';

const MEMORY_MAX_MB = 128;

/** A real thread: `file` is the program of it. Its output becomes notices: standard output may be that of a sink. */
export function startThread(file: string, path: string, onNotice: (text: string) => void): Thread {
  const worker = new Worker(file, {
    workerData: path,
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MAX_MB },
  });
  for (const input of [worker.stdout, worker.stderr]) createInterface({ input }).on('line', onNotice);
  worker.unref();
  const messages: Expected[] = [];
  let problem: Error | undefined;
  let wake = () => {};
  worker.on('message', (message: ToShipper) => {
    if ('notice' in message) return onNotice(message.notice);
    messages.push(message);
    wake();
  });
  const fail = (error: Error) => {
    problem ??= error;
    wake();
  };
  worker.on('error', fail);
  worker.on('exit', (code) => fail(new Error(`its thread has ended with code ${code}`)));
  return {
    async next(withinMs) {
      if (messages.length === 0 && problem === undefined) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, withinMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      const message = messages.shift();
      if (message !== undefined) return message;
      throw problem ?? new Error(`no answer within ${withinMs} ms`);
    },
    post: (batch, buffers) => worker.postMessage(batch, [...buffers]),
    end: () => void worker.terminate(),
  };
}

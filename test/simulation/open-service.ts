/** The service that a plan delivers to, which tells the books of all that it stores. */
import { type Books, Violation } from './books.js';
import type { Plan } from './plan.js';
import { LogsService } from './world/logs.js';
import type { Machine } from './world/machine.js';
import { SearchService } from './world/search.js';
import type { Service } from './world/service.js';

/** `guarded` keeps the violation that a call throws. */
export function openService(
  { logs, environment }: Plan,
  books: Books,
  machine: Machine,
  guarded: (call: () => void) => void,
): Service {
  if (logs === undefined) return new SearchService(machine, (text, id) => guarded(() => books.stored(text, id)));
  const textOf = (message: string) =>
    environment.LOGTAP_CLOUDWATCH_FORMAT === 'json' ? String(JSON.parse(message).message) : message;
  return new LogsService(machine, logs, {
    onStored: (message, id) => guarded(() => books.stored(textOf(message), id)),
    onRejected: (message) => books.rejected(message),
    onDeleted: (message) => books.deleted(message),
    onBroken: (problem) =>
      guarded(() => {
        throw new Violation('limits', problem);
      }),
  });
}

/** The service that a plan delivers to, which tells the books of all that it stores. */
import { type Books, type Identity, Violation } from './books.js';
import type { Plan } from './plan.js';
import { ArchiveService } from './world/archive.js';
import { CollectorService } from './world/collector.js';
import { LogsService } from './world/logs.js';
import type { Machine } from './world/machine.js';
import { SearchService } from './world/search.js';
import type { Service } from './world/service.js';
import { StreamService } from './world/stream-service.js';

/** What its ids are good for. */
export function identityOf({ logs, collector }: Plan): Identity {
  if (logs !== undefined) return 'none';
  if (collector === undefined) return 'once';
  return collector.kind === 'otlp' || collector.kind === 's3' ? 'kept' : 'none';
}

/** `guarded` keeps the violation that a call throws. */
export function openService(
  { logs, collector, environment }: Plan,
  books: Books,
  machine: Machine,
  guarded: (call: () => void) => void,
): Service {
  const onBroken = (problem: string) =>
    guarded(() => {
      throw new Violation('limits', problem);
    });
  if (collector?.kind === 's3') {
    return new ArchiveService(machine, { onStored: (text, id) => guarded(() => books.stored(text, id)), onBroken });
  }
  if (collector?.kind === 'otlp') {
    return new CollectorService(machine, collector, {
      onStored: (text, id) => guarded(() => books.stored(text, id)),
      onRejected: (text) => books.rejected(text),
      onBroken,
    });
  }
  if (collector !== undefined) {
    let records = 0;
    return new StreamService(machine, collector, {
      onStored: (text) => guarded(() => books.stored(text, `record ${++records}`)),
      onBroken,
    });
  }
  if (logs === undefined) return new SearchService(machine, (text, id) => guarded(() => books.stored(text, id)));
  const textOf = (message: string) =>
    environment.LOGTAP_CLOUDWATCH_FORMAT === 'json' ? String(JSON.parse(message).message) : message;
  return new LogsService(machine, logs, {
    onStored: (message, id) => guarded(() => books.stored(textOf(message), id)),
    onRejected: (message) => books.rejected(message),
    onDeleted: (message) => books.deleted(message),
    onBroken,
  });
}

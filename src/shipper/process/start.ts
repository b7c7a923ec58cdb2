/** Loads the shipper, whose modules are in files of their own: a sink's are read when the sink is chosen. */
import { requireIn } from './modules.js';

/**
 * Signals that come while the modules load, which takes seconds where CPU time is short. The kernel drops a signal that the first process
 * of a container does not listen to: a shipper that is told to end that early would run until it is killed.
 */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;

const early: NodeJS.Signals[] = [];
function keep(signal: NodeJS.Signals): void {
  // One that the shipper hears by itself it must not hear twice: a second one ends it at once.
  if (process.listenerCount(signal) === 1) early.push(signal);
}
for (const signal of SIGNALS) process.on(signal, keep);

/** Once the shipper listens to those that it knows. The others do what they do to any program. */
function handOver(): void {
  for (const signal of SIGNALS) process.off(signal, keep);
  for (const signal of early) process.kill(process.pid, signal);
}

// One that came while the last module ran is dispatched between the two.
setImmediate(() => setImmediate(handOver));
requireIn(__dirname)('./main.cjs');

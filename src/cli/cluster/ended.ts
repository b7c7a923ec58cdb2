/** Ctrl-C, for a command that goes on until then. */

/** Aborts with SIGINT or SIGTERM while `act` runs. A second one ends the process at once. */
export async function untilInterrupted<T>(act: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const end = () => controller.abort();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.once(signal, end);
  try {
    return await act(controller.signal);
  } finally {
    for (const signal of signals) process.off(signal, end);
  }
}

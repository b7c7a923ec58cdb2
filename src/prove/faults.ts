/** What happens to the shipper of a proof while its writers write: one fault after the other, each until it has its effect. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, FaultKind } from '../cli/prove/prove-module.js';
import type { FaultProxy } from './fault-proxy.js';
import type { LedgerAnswer, ProofShipper } from './proof-shipper.js';
import type { Writers } from './writers.js';

const LOOK_MS = 100;
/** For one effect, on a busy machine. */
const PATIENCE_MS = 180_000;
/** A hold that is filled takes its time, which the proof must not end in. */
const MORE_RECORDS = 500;
/** Of a shipper that ends while processes write: it reads until this is over. */
const SHORT_GRACE_SECONDS = 2;

export interface Scene {
  readonly sink: string;
  readonly shipper: ProofShipper;
  readonly proxy: FaultProxy;
  readonly writers: Writers;
  readonly onProgress: (message: string) => void;
}

/** Makes all faults. @throws if one of them has no effect */
export async function makeFaults(scene: Scene): Promise<Fault[]> {
  const faults = new Faults(scene);
  await faults.make();
  return faults.made;
}

class Faults {
  readonly made: Fault[] = [];
  readonly #scene: Scene;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  async make(): Promise<void> {
    await this.#delivering();
    await this.#scene.shipper.kill();
    this.#note('killed', 'SIGKILL while it delivered');
    await this.#scene.shipper.start();
    await this.#delivering();
    await this.#loseAnswers();
    await this.#delivering();
    await this.#outage();
    await this.#delivering();
    await this.#terminate();
    await this.#delivering();
  }

  /** The kubelet's own restart, such as after an upgrade of its image. */
  async #terminate(): Promise<void> {
    const { shipper } = this.#scene;
    const { code } = await shipper.stop();
    this.#note('terminated', `SIGTERM while processes wrote: exit code ${code}`);
    await shipper.start();
  }

  async #loseAnswers(): Promise<void> {
    const { proxy } = this.#scene;
    const before = proxy.lost;
    proxy.loseAnswers();
    await until('no answer is lost', () => proxy.lost >= before + 3);
    proxy.open();
    this.#note('lost_answers', `${proxy.lost - before} requests arrived whose answers did not`);
  }

  async #outage(): Promise<void> {
    const { sink, shipper, proxy, writers } = this.#scene;
    proxy.cut();
    const refused = proxy.refused;
    await until('no connection is refused', () => proxy.refused > refused);
    this.#note('cut', 'every connection to the service was cut and new ones were refused');
    await shipper.kill();
    this.#note('killed_in_outage', 'SIGKILL while no connection was possible');
    await shipper.start({ graceSeconds: SHORT_GRACE_SECONDS });
    // The policy for a full hold may pass lines to the original output, or drop them.
    const dropped = async () => sum((await shipper.ledger())?.sinks[sink]?.dropped);
    await until('the hold does not fill', async () => writers.original.lines > 0 || (await dropped()) > 0);
    this.#note('full_hold', `hold and rings were full: ${writers.original.lines} lines to the original output so far`);
    proxy.open();
  }

  /** Waits until records arrive at the service again. */
  async #delivering(): Promise<void> {
    const { shipper, sink } = this.#scene;
    let begin: number | undefined;
    await until('nothing is delivered', async () => {
      const now = delivered(await shipper.ledger(), sink);
      if (now === undefined) return false;
      begin ??= now;
      return now >= begin + MORE_RECORDS;
    });
  }

  #note(kind: FaultKind, detail: string): void {
    this.made.push({ kind, at: new Date().toISOString(), detail });
    this.#scene.onProgress(`${kind}: ${detail}`);
  }
}

/** Records that were read and have left the hold. */
function delivered(ledger: LedgerAnswer | undefined, sink: string): number | undefined {
  return ledger === undefined ? undefined : sum(ledger.read) - (ledger.sinks[sink]?.held.records ?? 0);
}

const sum = (counts: Readonly<Record<string, { readonly records: number }>> = {}) =>
  Object.values(counts).reduce((total, { records }) => total + records, 0);

async function until(failure: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (performance.now() > deadline)
      throw new Error(`${failure} after ${PATIENCE_MS / 1000} s: the proof cannot be made`);
    await sleep(LOOK_MS);
  }
}

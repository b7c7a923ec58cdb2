/** Runs one plan: the machine, its shippers and writers, and the books that are closed at the end. */
import { RING_NAMES } from '../../src/contract.js';
import { Books, Violation } from './books.js';
import { hasCountedKill, isDropUnkept, readOf } from './counts.js';
import { damage } from './damage.js';
import { isUnkept, JournalRefusals } from './journal-refusals.js';
import { LastWords } from './last-words.js';
import { identityOf, openService } from './open-service.js';
import { lastOf, type Plan, type Step } from './plan.js';
import { checkReasons } from './reasons.js';
import { checkSynced } from './synced.js';
import { Troubles } from './troubles.js';
import { DISK, type Inode } from './world/files.js';
import { LogsService } from './world/logs.js';
import { Killed, Machine, type MachineProcess } from './world/machine.js';
import type { Program } from './world/program.js';
import { Forger, type Forgery } from './writers/forger.js';
import { LossPageForger } from './writers/loss-page-forger.js';
import { RingForger, type RingForgery } from './writers/ring-forger.js';
import { debtsIn, RINGS, RingWriter, unreadOf } from './writers/ring-writer.js';
import { SOCKET, SocketWriter } from './writers/socket-writer.js';
import type { FramedWriter } from './writers/writer.js';

export interface Result {
  readonly violation: Violation | undefined;
  readonly lines: number;
  readonly sums: string;
  /** Equal for two runs of a plan. */
  readonly hash: string;
  readonly trace: readonly string[];
}

/** From the last step to the end of everything: what is held must be delivered by then. */
const SETTLE_MS = 600_000;
const QUIET_MS = 3000;
/** Longer than any wait between attempts, after the last answer that comes late. */
const RECOVERY_MS = 150_000;
/** Numbers of writers begin below. */
const FORGERS = 900;
const EXIT = { DRAINED: 0, UNDELIVERED: 74, CONFIGURATION: 78 };

export async function run(plan: Plan, program: Program, isTraced = false): Promise<Result> {
  const simulation = new Simulation(plan, program, isTraced);
  let violation: Violation | undefined;
  const onRejection = (error: unknown) => simulation.failed(error);
  process.on('unhandledRejection', onRejection);
  try {
    await simulation.run();
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    violation = error;
  } finally {
    process.off('unhandledRejection', onRejection);
  }
  const { books, machine } = simulation;
  const { examples: _, ...sums } = books.sums;
  return {
    violation,
    lines: books.lines,
    sums: JSON.stringify(sums),
    hash: machine.scheduler.hash,
    trace: machine.scheduler.lines ?? [],
  };
}

class Simulation {
  readonly machine: Machine;
  readonly books: Books;
  readonly #plan: Plan;
  readonly #program: Program;
  readonly #writers = new Map<number, FramedWriter>();
  readonly #told = new LastWords();
  /** Names of all processes that ever wrote. */
  readonly #instances = new Map<number, string>();
  /** The one that is started again whenever it ends. */
  #shipper: MachineProcess | undefined;
  /** Thrown by what runs inside of the shipper, which may catch it. */
  #violation: Violation | undefined;
  #isOver = false;
  /** Segments. */
  readonly #damaged = new Set<Inode>();
  #isDiskFilled = false;
  readonly #refusals = new JournalRefusals();
  #forgers = 0;
  readonly #laterRings: string[] = [];
  readonly #troubles = new Troubles();

  constructor(plan: Plan, program: Program, isTraced: boolean) {
    this.#plan = plan;
    this.#program = program;
    this.books = new Books(identityOf(plan), plan.environment.LOGTAP_EVENTS !== 'off');
    const guarded = (call: () => void) => this.#guarded(call);
    this.machine = new Machine(plan.seed, isTraced, (machine) => openService(plan, this.books, machine, guarded));
    this.machine.hasMkfifo = plan.hasMkfifo;
    this.machine.onExit = (process) => this.#guarded(() => this.#exited(process));
    this.machine.onKilled = (process) => this.#killed(process);
    // docs/guides/buffers.md
    this.machine.onUnaccepted = (bytes) => this.books.excuseIn('not accepted', bytes);
    this.machine.scheduler.onError = (error) => this.failed(error);
    this.machine.trouble = (call, path) => this.#troubles.codeOf(this.machine, call, path);
    this.machine.onFailed = (error) => {
      this.#refusals.refused(error, () => this.#journal, this.machine.scheduler.nowMs);
    };
  }

  /** What nothing in a process caught: it ends Node, unless its process is gone. */
  failed(error: unknown): void {
    if (error instanceof Killed) return;
    this.#violation ??= error instanceof Violation ? error : new Violation('internal', String((error as Error)?.stack));
  }

  async run(): Promise<void> {
    const { scheduler } = this.machine;
    this.#start();
    for (const step of this.#plan.steps) scheduler.after(step.atMs, undefined, () => this.#take(step));
    const lastMs = Math.max(0, ...this.#plan.steps.map((step) => step.atMs + lastOf(step)));
    await this.#until(lastMs, () => false);
    for (const writer of this.#writers.values()) writer.end();
    this.#heal();
    await this.#until(scheduler.nowMs + QUIET_MS, () => false);
    await this.#recover();
    await this.#drain();
    this.#check();
    this.books.excusedLosses += this.#told.unread;
    this.books.close();
    checkReasons(this.books, this.#plan, this.#damaged.size > 0, this.#isDiskFilled);
  }

  /** A service that is well again gets everything without a stop. Where that takes its time, the stop must find nothing to deliver. */
  async #recover(): Promise<void> {
    const { scheduler } = this.machine;
    const untilMs = scheduler.nowMs + RECOVERY_MS;
    this.#writeOneMore();
    while (scheduler.nowMs < untilMs && this.books.isOpen) await this.#until(scheduler.nowMs + QUIET_MS, () => false);
    if (scheduler.nowMs >= untilMs) this.books.mayStore = false;
  }

  /** An OTLP endpoint's refusal is believed once it has taken another record from this shipper. */
  #writeOneMore(): void {
    if (this.#plan.collector?.kind !== 'otlp') return;
    this.books.mayStore = true;
    const writer = this.#writerOf(0);
    writer.write({ lines: 1, bytes: 50 });
    writer.end();
  }

  /** Stops the shipper, and as many after it as it takes to deliver everything. */
  async #drain(): Promise<void> {
    const { scheduler } = this.machine;
    const untilMs = scheduler.nowMs + SETTLE_MS;
    // Twice as long each time: a shipper looks for requests of an earlier one, which takes longer than the first pause.
    for (let quietMs = QUIET_MS; ; quietMs *= 2) {
      if (!(await this.#until(untilMs, () => this.#shipper?.isAlive === true))) break;
      const last = this.#shipper!;
      if (quietMs > QUIET_MS) this.#writeOneMore();
      // It has time to recover, and to look at everything.
      await this.#until(scheduler.nowMs + quietMs, () => !last.isAlive);
      this.#isOver = true;
      last.signal('SIGTERM');
      await this.#until(untilMs, () => !last.isAlive);
      if (last.exitCode === EXIT.DRAINED) return;
      this.#isOver = false;
      if (scheduler.nowMs >= untilMs) break;
      this.#startSoon();
    }
    throw new Violation('stuck', `what is held is not delivered in ${SETTLE_MS / 1000} s: ${this.#lastWords()}`);
  }

  async #until(untilMs: number, isDone: () => boolean): Promise<boolean> {
    const result = await this.machine.scheduler.run(untilMs, () => this.#violation !== undefined || isDone());
    this.#check();
    return result;
  }

  #check(): void {
    if (this.#violation !== undefined) throw this.#violation;
  }

  #guarded(call: () => void): void {
    try {
      call();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.#violation ??= error;
    }
  }

  #start(): void {
    if (this.#shipper?.isAlive) return;
    this.#shipper = this.machine.spawn();
    this.#program.start(this.#shipper, this.#plan);
  }

  #startSoon(): void {
    this.machine.scheduler.after(this.#plan.restartMs, undefined, () => this.#isOver || this.#start());
  }

  #exited(process: MachineProcess): void {
    const { exitCode, log } = process;
    const words = JSON.stringify(log.at(-1));
    if (exitCode === EXIT.CONFIGURATION) {
      // The second one may have come first.
      if (process === this.#shipper) this.#shipper = this.machine.running[0];
      if (this.#shipper === undefined) this.#startSoon();
      return;
    }
    if (exitCode !== EXIT.DRAINED && exitCode !== EXIT.UNDELIVERED) {
      throw new Violation('internal', `exit code ${exitCode}: ${words}`);
    }
    const defect = log.find(({ message }) => String(message).includes("an error in the sink's code"));
    if (defect !== undefined) throw new Violation('internal', JSON.stringify(defect));
    const totals = lastLineOf(process);
    if (totals === undefined) throw new Violation('internal', `no last line: ${words}`);
    this.books.report(totals, this.#plan.buffer === 'disk');
    this.books.doubts += this.#debts;
    // A checkpoint that the disk refused: what lies behind it is delivered, and refused, once more.
    if (log.some(({ level }) => level === 'error')) this.books.doubts += this.books.refused;
    this.#checkJournal(process);
    if (process === this.#shipper) this.#startSoon();
  }

  #killed(process: MachineProcess): void {
    this.books.kills += 1;
    const { files } = this.machine;
    this.books.doubts += this.#debts;
    const spool = files.list(DISK).map((name) => files.bytesOf(files.find(`${DISK}/${name}`)!));
    const { unsettled, seqs } = readOf(this.#journal);
    this.books.killed((writer) => seqs.get(this.#instances.get(writer) ?? ''), spool);
    // docs/guides/archive-in-s3.md: a note that no disk took.
    if (isNoteless(process)) this.books.excusesRepeats = true;
    // They may be stored all the same, or on disk.
    this.books.doubts += unsettled;
    this.books.doubtTwice(spool, this.#rings.map(unreadOf));
    this.#told.killed(this.#journal);
    // docs/internals/architecture.md: counts that no disk took.
    // Rings keep such lines for a while: with a disk buffer they have none.
    const isHeld = this.#plan.buffer === 'memory' && !this.#refusals.wasLong;
    if (this.#refusals.isBehind(this.#journal, process)) {
      this.books.doubtCounts(isHeld ? 'socket' : 'all');
      // The count of lines that an earlier kill took: their ring has forgotten them once the notice was delivered.
      if (hasCountedKill(process) && !isHeld)
        this.books.excuse('count', 'all', [...spool, ...this.#rings.map(unreadOf)]);
    }
    // It was killed after its last line, and the journal says so: the next shipper does not repeat it.
    const totals = lastLineOf(process);
    if (totals !== undefined && this.#journal.endsWith('["reported"]')) {
      this.books.report(totals, this.#plan.buffer === 'disk');
    }
    // docs/internals/architecture.md: counts that the disk has refused, and a kill has taken.
    if (isDropUnkept(process))
      this.books.excuse('drops', isHeld ? 'socket' : 'all', [...spool, ...this.#rings.map(unreadOf)]);
    if (process === this.#shipper) this.#startSoon();
  }

  /** Of lines that rings have released, and no sink had acknowledged: each may be stored all the same. */
  get #debts(): number {
    return debtsIn(this.#rings);
  }

  get #rings(): Inode[] {
    const { files } = this.machine;
    const names = files.list(RINGS).filter((name) => name.startsWith(RING_NAMES.USED));
    return names.map((name) => files.find(`${RINGS}/${name}`)!);
  }

  /** The text of the journal of counts. */
  get #journal(): string {
    const { buffer, environment } = this.#plan;
    const rings = environment.LOGTAP_RING_DIR === undefined ? undefined : `${RINGS}/counts.journal`;
    const inode = this.machine.files.find(
      buffer === 'disk' ? `${DISK}/counts.journal` : (rings ?? `${SOCKET}.journal`),
    );
    return inode === undefined ? '' : this.machine.files.bytesOf(inode).toString().trimEnd();
  }

  /** docs/internals/architecture.md: counts that no disk took. */
  #checkJournal(process: MachineProcess): void {
    if (isUnkept(process)) this.books.doubtCounts();
  }

  #take(step: Step): void {
    const { machine } = this;
    const { scheduler, service, files } = machine;
    machine.trace(`step ${JSON.stringify(step)}`);
    const later = (ms: number, call: () => void) => scheduler.after(ms, undefined, call);
    switch (step.do) {
      case 'write': {
        const writer = this.#writerOf(step.writer);
        for (let i = 0; i < step.calls; i++) later(i * step.everyMs, () => writer.write(step));
        break;
      }
      case 'end writer':
        this.#writers.get(step.writer)?.end();
        break;
      case 'kill writer':
        this.#writers.get(step.writer)?.kill();
        break;
      case 'kill':
        if (this.#shipper?.isAlive !== true) break;
        if (step.inCalls === undefined) this.#shipper.kill();
        else this.#shipper.callsLeft = step.inCalls;
        break;
      case 'stop':
        if (this.#shipper?.isAlive === true) this.#shipper.signal('SIGTERM');
        break;
      case 'mood':
        service.mood = step.mood;
        later(step.forMs, () => {
          if (service.mood === step.mood) service.mood = 'well';
        });
        break;
      case 'set clock':
        scheduler.wallOffsetMs += step.byMs;
        break;
      case 'trouble':
        this.#troubles.add(step);
        later(step.forMs, () => this.#troubles.delete(step));
        break;
      case 'fill disk':
        files.diskBytes = files.diskUsed + step.leftBytes;
        this.#isDiskFilled = true;
        later(step.forMs, () => {
          files.diskBytes = Number.POSITIVE_INFINITY;
        });
        break;
      case 'fill memory':
        files.isMemoryFull = true;
        later(step.forMs, () => {
          files.isMemoryFull = false;
        });
        break;
      case 'take descriptors':
        for (const process of machine.running) process.descriptorLimit = process.descriptors.size + step.left;
        later(step.forMs, () => this.#giveDescriptors());
        break;
      case 'damage':
        damage(files, this.books, this.#damaged, step);
        break;
      case 'second':
        this.#program.start(machine.spawn(), this.#plan);
        break;
      case 'crash':
        this.#guarded(() => this.#crash());
        break;
      case 'forge':
        this.#forge(step.how);
        break;
      case 'forge ring':
        this.#forgeRing(step.how);
        break;
      case 'forge losses':
        this.#forgers += 1;
        new LossPageForger(this.machine, this.books, this.#forgers).forge(step.how);
        break;
      case 'break ring': {
        const writer = this.#writers.get(step.writer);
        if (writer instanceof RingWriter) writer.break(step.how);
        break;
      }
      case 'delete logs':
        if (service instanceof LogsService) service.delete(step.isGroup);
        break;
    }
  }

  #forge(how: Forgery): void {
    const known = [...this.#writers.values()].filter((writer) => writer instanceof RingWriter);
    this.#forgers += 1;
    new Forger({ machine: this.machine, books: this.books, number: FORGERS + this.#forgers, known }).forge(how);
  }

  #forgeRing(how: RingForgery): void {
    const known = [...this.#writers.values()].filter((writer) => writer instanceof RingWriter && writer.isAlive);
    this.#forgers += 1;
    const number = FORGERS + this.#forgers;
    const { machine, books } = this;
    new RingForger({ machine, books, number, known: known as RingWriter[], later: this.#laterRings }).forge(how);
  }

  #giveDescriptors(): void {
    for (const process of this.machine.running) process.descriptorLimit = this.machine.descriptorLimit;
  }

  #writerOf(number: number): FramedWriter {
    const known = this.#writers.get(number);
    if (known?.isAlive === true) return known;
    // A process that has ended is followed by another.
    const generation = known === undefined ? number : known.number + this.#plan.writers.length;
    const options = { machine: this.machine, books: this.books, number: generation };
    const writer = this.#plan.writers[number] === 'ring' ? new RingWriter(options) : new SocketWriter(options);
    this.#writers.set(number, writer);
    this.#told.add(writer);
    this.#instances.set(generation, writer.instance.toString(16).padStart(16, '0'));
    return writer;
  }

  /** All processes end, memory is empty, and the disk is what was synced, or more. */
  #crash(): void {
    const { machine } = this;
    machine.trace('crash');
    checkSynced(this.#plan, machine, this.#shipper);
    this.books.crashes += 1;
    this.books.excuse('crash', 'all', machine.files.syncedFiles(this.#damaged));
    // Counts since the last sync, and what was delivered after the last checkpoint that lasts, and is damaged.
    this.books.doubtCounts();
    for (const writer of this.#writers.values()) writer.kill();
    for (const process of machine.running) process.kill();
    machine.files.crash(machine.random);
    machine.bootId = `${this.books.crashes}1111111-2222-3333-4444-555555555555`;
  }

  #heal(): void {
    const { service } = this.machine;
    service.mood = 'well';
    if (service instanceof LogsService && this.#plan.environment.LOGTAP_CLOUDWATCH_CREATE_GROUP === 'false') {
      service.restore();
    }
    this.#troubles.clear();
    // The later shipper that they wait for.
    for (const path of this.#laterRings) this.machine.files.unlink(path);
    this.machine.files.diskBytes = Number.POSITIVE_INFINITY;
    this.machine.files.isMemoryFull = false;
    this.#giveDescriptors();
  }

  #lastWords(): string {
    return JSON.stringify(this.machine.processes.at(-1)?.log.slice(-3));
  }
}

const isNoteless = ({ log }: MachineProcess) =>
  log.some(({ message }) => /object .*may be stored twice/.test(String(message)));
const lastLineOf = ({ log }: MachineProcess) => log.findLast(({ message }) => String(message).startsWith('stopped:'));

/** The list of live lines: drawn once per frame and bounded, so that it stays quick however fast lines come. */
import type { TailLine, TailRecord } from '../shipper/console/wire.js';
import { clock, whole } from './format.js';
import type { TailChoice } from './tail-stream.js';

/** Rows that are kept. */
const ROWS_MAX = 500;
/** Lines of a message that are shown. */
const MESSAGE_LINES = 20;
/** Nearer to the end than this is at the end. */
const END_PIXELS = 24;
const RANKS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

export interface TailCounts {
  readonly shown: number;
  /** Left out by the shipper, or by this page while it was paused. */
  readonly notShown: number;
  /** Wait for the end of the pause. */
  readonly waiting: number;
}

export class TailView {
  readonly #list: HTMLElement;
  readonly #onCounts: (counts: TailCounts) => void;
  #waiting: TailLine[] = [];
  #isPaused = false;
  #frame = 0;
  #shown = 0;
  #notShown = 0;
  /** Whether the newest line stays in view. */
  #follows = true;

  constructor(list: HTMLElement, onCounts: (counts: TailCounts) => void) {
    this.#list = list;
    this.#onCounts = onCounts;
    // Lines that break elsewhere move the end.
    new ResizeObserver(() => this.#follows && this.toEnd()).observe(list);
  }

  add(lines: readonly TailLine[]): void {
    for (const line of lines) {
      if ('notShown' in line && line.notShown === 0) continue;
      this.#waiting.push(line);
    }
    this.#bound();
    this.#draw();
  }

  pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.#draw();
  }

  clear(): void {
    this.#waiting = [];
    this.#list.replaceChildren();
    this.#draw();
  }

  /** Takes away rows that the choice excludes. */
  choose(choice: TailChoice): void {
    const matches = (line: TailLine) => !('notShown' in line) && isChosen(line.level, line.message, choice);
    this.#waiting = this.#waiting.filter(matches);
    for (const row of [...this.#list.children]) {
      const { level = '', message = '' } = (row as HTMLElement).dataset;
      if (!isChosen(level, message, choice)) row.remove();
    }
    this.#draw();
  }

  /** Follows the newest line again. */
  toEnd(): void {
    this.#follows = true;
    this.#list.scrollTop = this.#list.scrollHeight;
  }

  /** The reader has moved the list. Returns whether the newest line stays in view. */
  scrolled(): boolean {
    const { scrollHeight, scrollTop, clientHeight } = this.#list;
    this.#follows = scrollHeight - scrollTop - clientHeight < END_PIXELS;
    return this.#follows;
  }

  /** Old lines that were never drawn are counted instead. */
  #bound(): void {
    const over = this.#waiting.length - ROWS_MAX;
    if (over <= 0) return;
    for (const line of this.#waiting.splice(0, over)) this.#notShown += 'notShown' in line ? line.notShown : 1;
  }

  #draw(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      if (!this.#isPaused) this.#drawRows();
      this.#onCounts({ shown: this.#shown, notShown: this.#notShown, waiting: this.#waiting.length });
    });
  }

  #drawRows(): void {
    if (this.#waiting.length === 0) return;
    const rows = document.createDocumentFragment();
    for (const line of this.#waiting) {
      rows.append('notShown' in line ? gapRow(line.notShown) : recordRow(line));
      if ('notShown' in line) this.#notShown += line.notShown;
      else this.#shown += 1;
    }
    this.#waiting = [];
    this.#list.append(rows);
    const over = this.#list.childElementCount - ROWS_MAX;
    for (let i = 0; i < over; i++) this.#list.firstElementChild?.remove();
    if (this.#follows) this.toEnd();
  }
}

function isChosen(level: string | undefined, message: string, choice: TailChoice): boolean {
  const isLevel = choice.level === '' || RANKS.indexOf(level ?? '') >= RANKS.indexOf(choice.level);
  return isLevel && message.toLowerCase().includes(choice.match.toLowerCase());
}

function recordRow({ timestamp, level, stream, source, process, pid, message, cutBytes }: TailRecord): HTMLElement {
  const row = element('li', 'row');
  row.dataset.message = message;
  if (level !== undefined) row.dataset.level = level;
  const from =
    stream === 'file' ? source : [process ?? source, stream === 'stderr' ? 'stderr' : ''].filter(Boolean).join(' ');
  const origin = element('span', 'origin', from);
  origin.title = [source, process, pid && `pid ${pid}`, stream].filter(Boolean).join(', ');
  const text = message.split('\n');
  const more = text.length - MESSAGE_LINES;
  const shown = element('span', 'message', more > 0 ? text.slice(0, MESSAGE_LINES).join('\n') : message);
  if (more > 0) shown.append(element('em', '', `\n${whole(more)} more lines`));
  if (cutBytes !== undefined) shown.append(element('em', '', ` ${whole(cutBytes)} more bytes`));
  row.append(element('time', '', clock(timestamp)), element('span', 'level', level ?? ''), origin, shown);
  return row;
}

function gapRow(notShown: number): HTMLElement {
  return element('li', 'gap', `${whole(notShown)} line${notShown === 1 ? '' : 's'} not shown`);
}

function element(name: string, className: string, text = ''): HTMLElement {
  const made = document.createElement(name);
  if (className !== '') made.className = className;
  made.textContent = text;
  return made;
}

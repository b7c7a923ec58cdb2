/** Frames drawn around text: panels of Python's rich, errors of Terraform, tables of Node and of databases. */
import { CLOSED, step, VERDICT } from '../kinds.js';
import type { Line } from '../line.js';
import type { Family } from './family.js';

const BASE = 180;
const BOX = BASE;

/** U+2500 to U+257F are E2 94 80 to E2 95 BF in UTF-8. */
const LEAD = 0xe2;
const LOW = 0x94;
const HIGH = 0x95;

/** What such a line begins with. */
export const DRAWN_FIRST = String.fromCharCode(LEAD);

export const isDrawn = (line: Line): boolean => line.at(0) === LEAD && (line.at(1) === LOW || line.at(1) === HIGH);

/** `┌` to `┏`, `╒` to `╔`, `╭`, `╷`. */
export function isTop(line: Line): boolean {
  const third = line.at(2);
  if (line.at(1) === LOW) return third >= 0x8c && third <= 0x8f;
  return line.at(1) === HIGH && ((third >= 0x92 && third <= 0x94) || third === 0xad || third === 0xb7);
}

/** `└` to `┗`, `╘` to `╚`, `╰`, `╵`. */
export function isBottom(line: Line): boolean {
  const third = line.at(2);
  if (line.at(1) === LOW) return third >= 0x94 && third <= 0x97;
  return line.at(1) === HIGH && ((third >= 0x98 && third <= 0x9a) || third === 0xb0 || third === 0xb5);
}

export const boxes: Family = {
  heads: [{ first: DRAWN_FIRST, test: isTop, mode: BOX }],
  continuations: [],
  rules: {
    [BOX]: (line) => {
      if (!isDrawn(line) || isTop(line)) return step(VERDICT.NEW, BOX);
      return step(VERDICT.JOIN, isBottom(line) ? CLOSED : BOX);
    },
  },
};

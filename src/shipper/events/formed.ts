/** How a record was formed: bits of its byte in the column `formed`. 0: it is one line, by itself. */
export const FORMED = {
  /** Lines of one write were joined. */
  WRITE: 1,
  /** Lines were joined because of their text. */
  GRAMMAR: 2,
  /** Nothing more came for so long, or there was no more room. */
  TIMEOUT: 4,
  /** It was cut here, and goes on in the next record of its stream. */
  CUT: 8,
  /** It goes on with what the record before was cut from. */
  CONTINUED: 16,
} as const;

/** Quotes as a URL, HTML, JSON or the access log of nginx writes them: they open and close a value as plain ones do. */
import { code, type Text } from '../bytes.js';

const QUOTES = [
  ...['%22', '%27', '\\x22', '\\x27', '\\u0022', '\\u0027'],
  ...['&quot;', '&apos;', '&#34;', '&#39;', '&#x22;', '&#x27;'],
];
const [PERCENT, BACKSLASH, AMPERSAND, TWO, SEVEN, SEMICOLON] = ['%', '\\', '&', '2', '7', ';'].map(code);

/** The encoded quote that begins here. */
export function encodedQuoteAt(text: Text, i: number): string | undefined {
  const first = text.at(i);
  if (first !== PERCENT && first !== BACKSLASH && first !== AMPERSAND) return undefined;
  return QUOTES.find((quote) => text.has(i, quote));
}

/** The encoded quote that ends before this place. */
export function encodedQuoteBefore(text: Text, end: number): string | undefined {
  const last = text.at(end - 1);
  if (last !== TWO && last !== SEVEN && last !== SEMICOLON) return undefined;
  return QUOTES.find((quote) => text.has(end - quote.length, quote));
}

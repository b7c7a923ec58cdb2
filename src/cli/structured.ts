/** Data for programs. */
import { stringify } from 'yaml';

export const structured = (format: 'json' | 'yaml', data: unknown): string =>
  format === 'json' ? `${JSON.stringify(data, undefined, 2)}\n` : stringify(data, { aliasDuplicateObjects: false });

/** Settings of the sink `file`. */
import { setting } from '../setting.js';
import * as value from '../values/setting-values.js';
import type { SinkEntry } from './sink.js';

export const FILE_SETTINGS = {
  filePath: setting({
    name: 'LOGTAP_FILE_PATH',
    help: 'File to which the shipper appends one JSON object per line.',
    parse: value.absolutePath,
  }),
} as const;

export const FILE = {
  title: 'File',
  settings: FILE_SETTINGS,
  needed: [[FILE_SETTINGS.filePath, '/var/log/app.ndjson']],
  rules: [],
} as const satisfies SinkEntry;

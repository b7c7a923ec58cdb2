/** Settings of the status server. */
import { STATUS_PORT } from '../contract.js';
import { setting } from './setting.js';
import * as value from './values/setting-values.js';

export const STATUS_SETTINGS = {
  statusPort: setting({
    name: 'LOGTAP_STATUS_PORT',
    default: String(STATUS_PORT),
    help: 'Port of `/livez`, `/readyz`, `/metrics`, `/ledger` and `/audit`. `off` disables the server.',
    parse: value.port,
  }),
  audit: setting({
    name: 'LOGTAP_AUDIT',
    default: 'on',
    help: 'Whether the shipper keeps the ledger that `logtap audit` compares with OpenSearch or CloudWatch Logs: sums per origin and minute, in the directory of the disk buffer or of the rings, at `/audit`, and in its log at the end.',
    parse: value.oneOf(['on', 'off']),
  }),
  statusHost: setting({
    name: 'LOGTAP_STATUS_HOST',
    defaultMeaning: 'all addresses',
    help: 'Address that the status server listens on.',
    parse: value.text,
  }),
} as const;

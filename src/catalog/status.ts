/** Settings of the status server. */
import { STATUS_PORT } from '../contract.js';
import { setting } from './setting.js';
import * as value from './values/setting-values.js';

export const STATUS_SETTINGS = {
  statusPort: setting({
    name: 'LOGTAP_STATUS_PORT',
    default: String(STATUS_PORT),
    help: 'Port of `/livez`, `/readyz`, `/metrics` and `/ledger`. `off` disables the server.',
    parse: value.port,
  }),
  statusHost: setting({
    name: 'LOGTAP_STATUS_HOST',
    defaultMeaning: 'all addresses',
    help: 'Address that the status server listens on.',
    parse: value.text,
  }),
} as const;

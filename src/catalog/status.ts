/** Settings of the status server. */
import { STATUS_PORT } from '../contract.js';
import { setting } from './setting.js';
import * as value from './values/setting-values.js';

export const STATUS_SETTINGS = {
  statusPort: setting({
    name: 'LOGTAP_STATUS_PORT',
    default: String(STATUS_PORT),
    help: 'Port of `/livez`, `/readyz`, `/metrics`, `/ledger` and `/audit`, and of the console. `off` disables the server.',
    parse: value.port,
  }),
  console: setting({
    name: 'LOGTAP_CONSOLE',
    default: 'on',
    help: 'Whether the status port has the console `/`, the live tail `/tail` and `/status`, which show log text and errors. They answer clients on this machine only, such as `kubectl port-forward`.',
    parse: value.oneOf(['on', 'off']),
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

/** Settings that change what lines cost, and nothing else. */
import { setting } from './setting.js';
import * as value from './values/setting-values.js';

export const SPEED_SETTINGS = {
  kernels: setting({
    name: 'LOGTAP_KERNELS',
    default: 'on',
    help: 'Whether the hottest loops run in WebAssembly. `off`, or where the system refuses WebAssembly, they run in JavaScript: the same bytes leave the shipper, at more CPU time.',
    parse: value.oneOf(['on', 'off']),
  }),
} as const;

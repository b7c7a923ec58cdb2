/** Injection and check by properties, as `LogTap` and the command line do them. */
import { check as checkResolved } from '../../src/constructs/findings/check.js';
import { inject as injectResolved } from '../../src/constructs/injection/inject.js';
import type { LogTapProps } from '../../src/constructs/props/log-tap-props.js';
import { resolve } from '../../src/constructs/props/resolve.js';

export const inject = (manifest: unknown, props: LogTapProps) => injectResolved(manifest, resolve(props));
export const check = (manifest: unknown, props: LogTapProps) => checkResolved(manifest, resolve(props));

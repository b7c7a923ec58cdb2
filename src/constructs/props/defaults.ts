/** Default properties of every tap in a scope. A platform team sets them once. */
import type { IConstruct } from 'constructs';
import { checkProps, type LogTapProps } from './log-tap-props.js';
import { type ResolvedProps, resolve } from './resolve.js';

const defaults = new WeakMap<IConstruct, LogTapProps>();

/**
 * Default properties of every tap below a scope. For each property, and for each option of the shipper, the nearest scope
 * wins, and the tap's own value overrides all scopes. The scope is that of the workload.
 */
export class LogTapDefaults {
  /**
   * Sets the defaults of a scope and replaces existing ones. You may set them after you create the taps.
   *
   * @param scope an app, a chart or any other scope
   * @param props the defaults, which a nearer scope or the tap may override
   * @throws if a property is wrong
   */
  public static set(scope: IConstruct, props: LogTapProps): void {
    checkProps(props);
    defaults.set(scope, props);
  }

  private constructor() {}
}

interface Resolution {
  readonly layers: readonly LogTapProps[];
  readonly resolved: ResolvedProps;
}

/** The latest resolution of a tap's properties: most of its workloads have the same defaults. */
const latest = new WeakMap<LogTapProps, Resolution>();

/**
 * The properties of a tap on a construct, completed with the defaults of its scopes. For each property, and for each option of
 * the shipper, the nearest scope wins, and the tap overrides all scopes.
 *
 * @throws if a property is invalid or missing
 */
export function resolveAt(construct: IConstruct, props: LogTapProps): ResolvedProps {
  const layers = [...construct.node.scopes.flatMap((scope) => defaults.get(scope) ?? []), props];
  const known = latest.get(props);
  if (known?.layers.length === layers.length && known.layers.every((layer, i) => layer === layers[i])) {
    return known.resolved;
  }
  const resolved = resolve(merged(layers));
  latest.set(props, { layers, resolved });
  return resolved;
}

function merged(layers: readonly LogTapProps[]): LogTapProps {
  const shipper = Object.assign({}, ...layers.map((layer) => given(layer.shipper ?? {})));
  const all = Object.assign({}, ...layers.map(given));
  return { ...all, ...(Object.keys(shipper).length > 0 && { shipper }) };
}

/** An explicit `undefined` counts as absent and does not hide a default. */
function given(props: object): object {
  return Object.fromEntries(Object.entries(props).filter(([, value]) => value !== undefined));
}

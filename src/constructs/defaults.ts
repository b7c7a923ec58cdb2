/** What holds for every tap in a scope unless it says otherwise: a platform team sets it once. */
import type { IConstruct } from 'constructs';
import { checkProps, type LogTapProps } from './log-tap-props.js';

const defaults = new WeakMap<IConstruct, LogTapProps>();

/**
 * Properties that hold for every tap below a scope. Property by property the nearest scope wins, and what the tap says
 * itself wins over all; the options of the shipper are taken one by one, too. The scope that counts is the workload's.
 */
export class LogTapDefaults {
  /**
   * Sets the defaults of a scope, in the place of earlier ones. They may be set after the taps are made.
   *
   * @param scope an app, a chart or any other scope
   * @param props what holds unless a nearer scope or the tap says otherwise
   * @throws if a property is wrong
   */
  public static set(scope: IConstruct, props: LogTapProps): void {
    checkProps(props);
    defaults.set(scope, props);
  }

  private constructor() {}
}

/** The properties of a tap on a construct, completed by the defaults of its scopes. */
export function withDefaults(construct: IConstruct, props: LogTapProps): LogTapProps {
  const layers = [...construct.node.scopes.map((scope) => defaults.get(scope) ?? {}), props];
  const shipper = Object.assign({}, ...layers.map((layer) => given(layer.shipper ?? {})));
  const merged = Object.assign({}, ...layers.map(given));
  return { ...merged, ...(Object.keys(shipper).length > 0 && { shipper }) };
}

/** An explicit `undefined` is as good as nothing: it does not hide a default. */
function given(props: object): object {
  return Object.fromEntries(Object.entries(props).filter(([, value]) => value !== undefined));
}

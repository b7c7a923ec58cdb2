/** Taps constructs: hooks the rendering of workloads, whichever library or file they come from. */
import { ApiObject } from 'cdk8s';
import type { IConstruct, IMixin } from 'constructs';
import { inject } from './inject.js';
import { checkProps, type LogTapProps } from './tap-options.js';
import { isWorkload } from './workload.js';

/** The tap of each hooked object. */
const taps = new WeakMap<ApiObject, LogTap>();

/**
 * Taps the logs of workloads: a library is preloaded into their containers, and a sidecar ships what it captures.
 *
 * Works on the rendered manifest, so it sees everything that was added to a workload before synthesis, and taps
 * workloads of cdk8s-plus, plain API objects, `Include` and `Helm` alike: Pod, Deployment, StatefulSet, DaemonSet,
 * ReplicaSet, Job and CronJob.
 *
 * `LogTap.tap(scope, props)` is the way to use it. It is also a mixin: `chart.with(new LogTap(props))` taps the
 * workloads that the chart has at that moment.
 */
export class LogTap implements IMixin {
  /**
   * Taps a workload, or every workload in a scope, also those that are added to it later.
   *
   * @param target a workload, a chart or any other scope
   * @throws if the properties are wrong, or if a workload is tapped already; synthesis fails if there is no workload
   */
  public static tap(target: IConstruct, props: LogTapProps): LogTap {
    const tap = new LogTap(props);
    const hookAll = () => {
      const objects = target.node.findAll().filter((construct) => tap.supports(construct));
      for (const object of objects) tap.applyTo(object);
      return objects.length;
    };
    hookAll();
    // Validation runs before anything is rendered, and sees what was added in the meantime.
    target.node.addValidation({
      validate: () => {
        try {
          return hookAll() > 0 ? [] : ['LogTap: nothing to tap: the scope must hold a workload. Tap another scope'];
        } catch (error) {
          return [(error as Error).message];
        }
      },
    });
    return tap;
  }

  /**
   * The same on a rendered manifest: returns a copy with tap and sidecar, and anything that is no workload as it is.
   *
   * @param manifest an object of the Kubernetes API
   */
  public static inject(manifest: any, props: LogTapProps): any {
    return inject(manifest, props);
  }

  /** @throws if the properties are wrong */
  public constructor(private readonly props: LogTapProps) {
    checkProps(props);
  }

  /** Whether the construct is the API object of a workload. */
  public supports(construct: IConstruct): boolean {
    return ApiObject.isApiObject(construct) && isWorkload(construct.apiVersion, construct.kind);
  }

  /** Taps one API object. */
  public applyTo(construct: IConstruct): void {
    const object = ApiObject.of(construct);
    const present = taps.get(object);
    if (present === this) return;
    if (present !== undefined) {
      throw new Error(`LogTap: '${object.node.path}' is tapped already: tap it once, by itself or with its scope`);
    }
    taps.set(object, this);
    const render = object.toJson;
    object.toJson = () => {
      const manifest = render.call(object);
      try {
        return inject(manifest, this.props);
      } catch (error) {
        throw new Error(`[${object.node.path}] LogTap: ${(error as Error).message}`);
      }
    };
  }
}

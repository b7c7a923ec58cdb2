/** Taps constructs: hooks the rendering of workloads, whichever library or file they come from. */
import { ApiObject } from 'cdk8s';
import type { IConstruct, IMixin } from 'constructs';
import { withDefaults } from './defaults.js';
import { errorsOf, type Finding, finding, formatFinding, warningsOf } from './finding.js';
import { check } from './findings.js';
import { inject } from './inject.js';
import { checkProps, type LogTapProps, sinkOf } from './log-tap-props.js';
import { isolationFindings, watchPolicies } from './network-isolation.js';
import { isList } from './object-list.js';
import type { SinkIamStatement } from './sink-config.js';
import { uninjectManifest } from './uninject.js';
import { isWorkload } from './workload.js';

/** The tap of each hooked object. */
const taps = new WeakMap<ApiObject, LogTap>();

/**
 * Taps the logs of workloads: a library is preloaded into their containers, and a sidecar ships what it captures.
 *
 * Works on the rendered manifest, so it sees everything that was added to a workload before synthesis, and taps
 * workloads of cdk8s-plus, plain API objects, `Include` and `Helm` alike: Pod, Deployment, StatefulSet, DaemonSet,
 * ReplicaSet, ReplicationController, PodTemplate, Job, CronJob, the DeploymentConfig of OpenShift, the Rollout of Argo, and
 * those in a `List`.
 *
 * `LogTap.tap(scope, props)` is the way to use it. It is also a mixin: `chart.with(new LogTap(props))` taps the
 * workloads that the chart has at that moment.
 *
 * What is wrong is found at synthesis: errors fail it, warnings stand once on standard error.
 */
export class LogTap implements IMixin {
  /**
   * Taps a workload, or every workload in a scope, also those that are added to it later.
   *
   * @param target a workload, a chart or any other scope
   * @param props what `LogTapDefaults` leaves open
   * @throws if the properties are wrong, or if a workload is tapped already; synthesis fails if there is no workload
   */
  public static tap(target: IConstruct, props: LogTapProps = {}): LogTap {
    const tap = new LogTap(props);
    const hookAll = () => {
      const objects = target.node.findAll().filter((construct) => tap.supports(construct));
      for (const object of objects) tap.applyTo(object);
      return objects.length;
    };
    hookAll();
    // Validation runs before anything is rendered, parents first, and sees what was added in the meantime.
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
   * An earlier injection is replaced.
   *
   * @param manifest an object of the Kubernetes API
   * @throws if the properties are wrong, or with every finding that is an error
   */
  public static inject(manifest: any, props: LogTapProps): any {
    return inject(manifest, props);
  }

  /**
   * The manifest as it was before the injection; anything that is not injected comes back with the same content.
   *
   * @param manifest an object of the Kubernetes API
   * @throws if what injection noted in the manifest is damaged
   */
  public static uninject(manifest: any): any {
    return uninjectManifest(manifest);
  }

  /**
   * What would be wrong with a tap on a manifest, except for the codes in `accept`. Nothing for what is no workload.
   *
   * @param manifest an object of the Kubernetes API
   * @throws if the properties are wrong, or if the manifest has another shape than Kubernetes wants
   */
  public static check(manifest: any, props: LogTapProps): Finding[] {
    checkProps(props);
    return check(manifest, props);
  }

  /** @throws if the properties are wrong */
  public constructor(private readonly props: LogTapProps) {
    checkProps(props);
  }

  /**
   * Statements for the policy of the role that the shipper runs with; empty where its sink needs nothing of AWS.
   *
   * @throws if the sink comes from `LogTapDefaults`: ask that sink
   */
  public get iam(): SinkIamStatement[] {
    return sinkOf(this.props).iam;
  }

  /** Whether the construct is the API object of a workload, or a list in which workloads may be. */
  public supports(construct: IConstruct): boolean {
    if (!ApiObject.isApiObject(construct)) return false;
    const { apiVersion, kind } = construct;
    return isWorkload(apiVersion, kind) || isList(apiVersion, kind);
  }

  /**
   * Taps one API object.
   *
   * @throws if it is tapped already
   */
  public applyTo(construct: IConstruct): void {
    const object = ApiObject.of(construct);
    const present = taps.get(object);
    if (present === this) return;
    if (present !== undefined) {
      const twice = finding('LT017', object.node.path, 'is tapped already', 'tap it once, by itself or with its scope');
      throw new Error(formatFinding(twice));
    }
    taps.set(object, this);
    const render = object.toJson;
    watchPolicies(object);
    const warned = new Set<string>();
    object.node.addValidation({ validate: () => this.validate(object, render, warned) });
    object.toJson = () => {
      const manifest = render.call(object);
      try {
        return inject(manifest, withDefaults(object, this.props));
      } catch (error) {
        throw new Error(`[${object.node.path}] ${(error as Error).message}`);
      }
    };
  }

  /** The errors, as cdk8s reports them. Warnings go to standard error, each once. */
  private validate(object: ApiObject, render: () => any, warned: Set<string>): string[] {
    let manifest: any;
    try {
      manifest = render.call(object);
    } catch {
      // Not ours: rendering reports it.
      return [];
    }
    try {
      const props = withDefaults(object, this.props);
      checkProps(props);
      sinkOf(props);
      const findings = [...check(manifest, props), ...isolationFindings(object, manifest, props)];
      for (const text of warningsOf(findings).map(formatFinding)) {
        if (!warned.has(text)) console.warn(`[${object.node.path}] warning ${text}`);
        warned.add(text);
      }
      return errorsOf(findings).map(formatFinding);
    } catch (error) {
      return [(error as Error).message];
    }
  }
}

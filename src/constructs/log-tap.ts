/** Taps constructs: hooks the rendering of workloads from any library or file. */
import { ApiObject } from 'cdk8s';
import { Construct, type IConstruct, type IMixin } from 'constructs';
import { check } from './findings/check.js';
import { namespaceRules } from './findings/check-namespace.js';
import { errorsOf, type Finding, finding, formatFinding, warningsOf } from './findings/finding.js';
import { neighboursIn, watchNeighbours } from './findings/neighbours.js';
import { isolationFindings } from './findings/network-isolation.js';
import { pointersOf } from './injection/embedded/templates.js';
import { inject } from './injection/inject.js';
import { isList } from './injection/object-list.js';
import { uninjectManifest } from './injection/uninject.js';
import { isWorkload } from './injection/workload.js';
import { resolveAt } from './props/defaults.js';
import { checkProps, type LogTapProps, sinkOf } from './props/log-tap-props.js';
import { must } from './props/must.js';
import { resolve } from './props/resolve.js';
import { podSinks } from './sinks/by-container.js';
import type { SinkIamStatement } from './sinks/sink-config.js';

/** The tap of each hooked object. */
const taps = new WeakMap<ApiObject, LogTap>();

/**
 * Taps the logs of workloads: preloads a library into their containers and adds a sidecar that ships the captured lines.
 *
 * Works on the rendered manifest, so it sees everything added to a workload before synthesis. It taps workloads from
 * cdk8s-plus, plain API objects, `Include` and `Helm` alike: Pod, Deployment, StatefulSet, DaemonSet,
 * ReplicaSet, ReplicationController, PodTemplate, Job, CronJob, OpenShift's DeploymentConfig, Argo's Rollout, and the
 * items of a `List`.
 *
 * Use it as `LogTap.tap(scope, props)`. It is also a mixin: `chart.with(new LogTap(props))` taps the workloads that the
 * chart has at that moment.
 *
 * Synthesis reports findings: errors fail it, and each warning appears once on standard error.
 */
export class LogTap implements IMixin {
  /**
   * Taps a workload, or every workload in a scope, including workloads added later.
   *
   * @param target a workload, a chart or any other scope
   * @param props properties that `LogTapDefaults` does not set
   * @throws if the properties are invalid, or if a workload is already tapped; synthesis fails if there is no workload
   */
  public static tap(target: IConstruct, props: LogTapProps = {}): LogTap {
    const isConstruct = Construct.isConstruct(target);
    must(isConstruct, 'target', shortly(target), 'be a construct: give a workload, a chart or another scope');
    const tap = new LogTap(props);
    const hookAll = () => {
      const objects = target.node.findAll().filter((construct) => tap.supports(construct));
      for (const object of objects) tap.applyTo(object);
      return objects.length;
    };
    hookAll();
    // Validation runs before rendering, parents first, and sees constructs added in the meantime.
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
   * Taps a rendered manifest: returns a copy with tap and sidecar. A manifest that is not a workload is returned
   * unchanged. An existing injection is replaced.
   *
   * @param manifest an object of the Kubernetes API
   * @throws if the properties are invalid, or with every finding that is an error
   */
  public static inject(manifest: any, props: LogTapProps): any {
    return inject(oneManifest(manifest), resolve(props));
  }

  /**
   * The manifest as it was before the injection. A manifest without injection is returned with the same content.
   *
   * @param manifest an object of the Kubernetes API
   * @throws if the record of the injection in the manifest is damaged
   */
  public static uninject(manifest: any): any {
    return uninjectManifest(oneManifest(manifest));
  }

  /**
   * The findings about a tap on a manifest, without the codes in `accept`. A manifest that is not a workload has none.
   *
   * @param manifest an object of the Kubernetes API
   * @throws if the properties are invalid, or if the manifest does not have the shape that Kubernetes requires
   */
  public static check(manifest: any, props: LogTapProps): Finding[] {
    return check(oneManifest(manifest), resolve(props));
  }

  /** A copy, because every workload is resolved from it. */
  private readonly props: LogTapProps;

  /** @throws if the properties are invalid */
  public constructor(props: LogTapProps) {
    checkProps(props);
    this.props = { ...props };
  }

  /**
   * IAM policy statements for the shipper's role; empty if its sinks need no AWS permissions.
   *
   * @throws if the sink comes from `LogTapDefaults`: read `iam` of that sink
   */
  public get iam(): SinkIamStatement[] {
    const { perContainer = {}, fields } = this.props;
    return podSinks(sinkOf(this.props), perContainer, { fields: fields?.constants }).sink.iam;
  }

  /** Whether the construct is the API object of a workload, or a list that may contain workloads. */
  public supports(construct: IConstruct): boolean {
    if (!ApiObject.isApiObject(construct)) return false;
    const { apiVersion, kind } = construct;
    const isKnown = isWorkload(apiVersion, kind) || isList(apiVersion, kind);
    return isKnown || pointersOf(apiVersion, kind, this.props.podTemplates ?? {}).length > 0;
  }

  /**
   * Taps one API object.
   *
   * @throws if it is already tapped
   */
  public applyTo(construct: IConstruct): void {
    const object = ApiObject.of(construct);
    const present = taps.get(object);
    if (present === this) return;
    if (present !== undefined) {
      const twice = finding(
        'LT017',
        object.node.path,
        'is already tapped',
        'tap it once, either directly or through its scope',
      );
      throw new Error(formatFinding(twice));
    }
    taps.set(object, this);
    const render = object.toJson;
    watchNeighbours(object);
    const warned = new Set<string>();
    object.node.addValidation({ validate: () => this.validate(object, render, warned) });
    object.toJson = () => {
      const manifest = render.call(object);
      try {
        return inject(manifest, resolveAt(object, this.props));
      } catch (error) {
        throw new Error(`[${object.node.path}] ${(error as Error).message}`);
      }
    };
  }

  /** The errors, for cdk8s to report. Each warning goes once to standard error. */
  private validate(object: ApiObject, render: () => any, warned: Set<string>): string[] {
    let manifest: any;
    try {
      manifest = render.call(object);
    } catch {
      // Rendering itself reports this error.
      return [];
    }
    try {
      const props = resolveAt(object, this.props);
      const neighbours = neighboursIn(object.node.root);
      const findings = [
        ...check(manifest, props, namespaceRules(neighbours)),
        ...isolationFindings(manifest, props, neighbours),
      ];
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

/** Only scalars, because a construct or a manifest may be long. */
const shortly = (value: unknown) => (typeof value === 'object' && value !== null ? Object.keys(value) : value);

/** A list or a text of manifests, as callers in JavaScript have them, would come back unchanged. */
function oneManifest(manifest: any): any {
  const is = Array.isArray(manifest) ? 'list' : typeof manifest;
  const isOne = is === 'object' || manifest === undefined;
  if (isOne) return manifest;
  throw new Error(
    `'manifest' (a ${is}) must be an object of the Kubernetes API: parse a text, and give its objects one by one`,
  );
}

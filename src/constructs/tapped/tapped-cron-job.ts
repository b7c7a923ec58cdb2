/** A tapped cdk8s-plus CronJob, with defaults for images that were not built for Kubernetes. */
import * as kplus from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { LogTap } from '../log-tap.js';
import { relaxAttached, relaxed, relaxedContainer, type TappedProps } from './relaxed.js';

/** Properties of a `TappedCronJob`. */
export interface TappedCronJobProps extends kplus.CronJobProps, TappedProps {}

/** A CronJob whose logs are tapped. */
export class TappedCronJob extends kplus.CronJob {
  /** The tap of this CronJob. */
  public readonly logTap: LogTap;

  // Unset while the parent's constructor adds the containers of its properties, which are already relaxed.
  private readonly isRelaxed: boolean;

  /** @throws if the properties of the tap are invalid */
  public constructor(scope: Construct, id: string, props: TappedCronJobProps) {
    const { tap = {}, hardened = false, ...cronJob } = props;
    super(scope, id, hardened ? cronJob : relaxed(cronJob));
    this.isRelaxed = !hardened;
    this.logTap = LogTap.tap(this, tap);
  }

  public override addContainer(container: kplus.ContainerProps): kplus.Container {
    if (!this.isRelaxed) return super.addContainer(container);
    // Not by super.addContainer, which calls attachContainer: the properties of this container may say the opposite.
    const made = new kplus.Container(relaxedContainer(container));
    super.attachContainer(made);
    return made;
  }

  /** A container with the default security context of cdk8s-plus is relaxed; any other keeps its own. */
  public override attachContainer(container: kplus.Container): void {
    super.attachContainer(container);
    if (this.isRelaxed) relaxAttached(container, kplus);
  }

  public override addInitContainer(container: kplus.ContainerProps): kplus.Container {
    return super.addInitContainer(this.isRelaxed ? relaxedContainer(container) : container);
  }
}

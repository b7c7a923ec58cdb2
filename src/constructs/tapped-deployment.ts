/** A cdk8s-plus Deployment that is tapped, with defaults under which images run that were never made for Kubernetes. */

import * as kplus from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { LogTap } from './log-tap.js';
import type { LogTapProps } from './tap-options.js';

/** Properties of a `TappedDeployment`. */
export interface TappedDeploymentProps extends kplus.DeploymentProps {
  /** What to tap and where to send it. */
  readonly tap: LogTapProps;

  /**
   * Whether the application's containers keep the defaults of cdk8s-plus: no root user and a read-only root file
   * system. Legacy images often need the opposite, so that is what they get unless they say otherwise. The injected
   * containers are restricted in any case.
   *
   * @default false
   */
  readonly hardened?: boolean;
}

/** A Deployment whose logs are tapped. */
export class TappedDeployment extends kplus.Deployment {
  /** The tap of this Deployment. */
  public readonly logTap: LogTap;

  // Unset while the parent's constructor adds the containers of its properties, which are relaxed before.
  private readonly isRelaxed: boolean;

  public constructor(scope: Construct, id: string, props: TappedDeploymentProps) {
    const { tap, hardened = false, ...deployment } = props;
    super(scope, id, hardened ? deployment : relaxed(deployment));
    this.isRelaxed = !hardened;
    this.logTap = LogTap.tap(this, tap);
  }

  public override addContainer(container: kplus.ContainerProps): kplus.Container {
    return super.addContainer(this.isRelaxed ? relaxedContainer(container) : container);
  }

  public override addInitContainer(container: kplus.ContainerProps): kplus.Container {
    return super.addInitContainer(this.isRelaxed ? relaxedContainer(container) : container);
  }
}

function relaxed(props: kplus.DeploymentProps): kplus.DeploymentProps {
  const { containers, initContainers, securityContext } = props;
  return {
    ...props,
    ...(containers && { containers: containers.map(relaxedContainer) }),
    ...(initContainers && { initContainers: initContainers.map(relaxedContainer) }),
    securityContext: { ensureNonRoot: false, ...securityContext },
  };
}

function relaxedContainer(container: kplus.ContainerProps): kplus.ContainerProps {
  return {
    ...container,
    securityContext: { ensureNonRoot: false, readOnlyRootFilesystem: false, ...container.securityContext },
  };
}

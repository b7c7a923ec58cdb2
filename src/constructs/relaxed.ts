/** Defaults of cdk8s-plus that images never made for Kubernetes cannot live with, relaxed. */
import type * as kplus from 'cdk8s-plus-28';
import type { LogTapProps } from './log-tap-props.js';

/** What tapped workloads have in common. */
export interface TappedProps {
  /**
   * What to tap and where to send it.
   *
   * @default - what `LogTapDefaults` says for the scope
   */
  readonly tap?: LogTapProps;

  /**
   * Whether the application's containers keep the defaults of cdk8s-plus: no root user and a read-only root file
   * system. Legacy images often need the opposite, so that is what they get unless they say otherwise. The injected
   * containers are restricted in any case.
   *
   * @default false
   */
  readonly hardened?: boolean;
}

/**
 * The relaxation that the `Tapped*` constructs apply, for constructs of any version of cdk8s-plus: properties in, properties
 * out.
 */
export class RelaxedDefaults {
  /**
   * Properties of a pod, or of a workload, whose containers may run as root and write to their root file system unless they
   * say otherwise.
   *
   * @param props properties such as those of a `Deployment`; they are not changed
   */
  public static pod(props: any): any {
    return relaxed(props);
  }

  /**
   * The same for one container, for `addContainer`, or for a `Container` that is attached.
   *
   * @param props properties of a container; they are not changed
   */
  public static container(props: any): any {
    return relaxedContainer(props);
  }

  private constructor() {}
}

/** The properties of a pod with relaxed defaults. */
export function relaxed<P extends kplus.AbstractPodProps>(props: P): P {
  const { containers, initContainers, securityContext } = props;
  return {
    ...props,
    ...(containers && { containers: containers.map(relaxedContainer) }),
    ...(initContainers && { initContainers: initContainers.map(relaxedContainer) }),
    securityContext: { ensureNonRoot: false, ...securityContext },
  };
}

/** The properties of a container with relaxed defaults. */
export function relaxedContainer(container: kplus.ContainerProps): kplus.ContainerProps {
  return {
    ...container,
    securityContext: { ensureNonRoot: false, readOnlyRootFilesystem: false, ...container.securityContext },
  };
}

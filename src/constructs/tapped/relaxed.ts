/** Relaxed defaults of cdk8s-plus, for images that were not built for Kubernetes. */
import { isDeepStrictEqual } from 'node:util';
import type * as kplus from 'cdk8s-plus-28';
import type { LogTapProps } from '../props/log-tap-props.js';

/** Properties common to the tapped workloads. */
export interface TappedProps {
  /**
   * Properties of the tap: its sources and its sink.
   *
   * @default - the `LogTapDefaults` of the scope
   */
  readonly tap?: LogTapProps;

  /**
   * Whether the application's containers keep the defaults of cdk8s-plus: no root user and a read-only root file system.
   * Legacy images often need the opposite, which is the default here. The injected containers are always restricted.
   *
   * @default false
   */
  readonly hardened?: boolean;
}

/**
 * The relaxed defaults of the `Tapped*` constructs, for constructs of any version of cdk8s-plus. Takes properties and
 * returns relaxed properties.
 */
export class RelaxedDefaults {
  /**
   * Relaxes the properties of a pod or a workload: its containers may run as root and write to their root file system,
   * unless their own properties forbid it.
   *
   * @param props properties such as those of a `Deployment`; they are not changed
   */
  public static pod(props: any): any {
    return relaxed(props);
  }

  /**
   * Relaxes the properties of one container, for `addContainer` or for an attached `Container`.
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

/**
 * Relaxes a complete container, unless its security context differs from the default of cdk8s-plus in any property. An explicit
 * value that equals the default cannot be distinguished from it.
 */
export function relaxAttached(container: kplus.Container, { ContainerSecurityContext }: typeof kplus): void {
  const { securityContext: present } = container;
  const isDefault = isDeepStrictEqual({ ...present }, { ...new ContainerSecurityContext() });
  if (!isDefault) return;
  const securityContext = new ContainerSecurityContext({ ensureNonRoot: false, readOnlyRootFilesystem: false });
  Object.assign(container, { securityContext });
}

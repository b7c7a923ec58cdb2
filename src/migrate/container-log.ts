/** Paths where a runtime puts what a container writes to its standard streams. */

export const CONTAINER_LOG = /^\/var\/(log\/(containers|pods)|lib\/docker\/containers)\//;

/**
 * Names of the containers of such paths, if each path has one: `/var/log/containers/POD_NAMESPACE_CONTAINER-ID.log`, and
 * `/var/log/pods/NAMESPACE_POD_UID/CONTAINER/N.log`.
 */
export function containersIn(paths: readonly string[]): readonly string[] | undefined {
  const logs = paths.filter((path) => CONTAINER_LOG.test(path));
  const names = logs.map(
    (path) =>
      /^\/var\/log\/containers\/[^/_]*_[^/_]*_([a-z0-9][a-z0-9-]*)-(?:\*|[0-9a-f*]+)(?:\.log)?$/.exec(path)?.[1] ??
      /^\/var\/log\/pods\/[^/]+\/([a-z0-9][a-z0-9-]*)\/[^/]+$/.exec(path)?.[1],
  );
  return names.length > 0 && names.every((name) => name !== undefined) ? [...new Set(names as string[])] : undefined;
}

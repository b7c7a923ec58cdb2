/** Variables that have names of the pod: `${HOSTNAME}` of Fluent Bit, `#{ENV['HOSTNAME']}` and `#{Socket.gethostname}` of Fluentd. */

const PLACES: Readonly<Record<string, string>> = {
  // The host name of a container is the name of its pod.
  HOSTNAME: '{pod}',
  'Socket.gethostname': '{pod}',
  hostname: '{pod}',
  POD_NAME: '{pod}',
  POD_NAMESPACE: '{namespace}',
  NAMESPACE: '{namespace}',
  NODE_NAME: '{node}',
  K8S_NODE_NAME: '{node}',
};

/** The text with the placeholders of log streams in place of such variables. */
export const podPlaces = (text: string): string =>
  text.replace(/[$#]\{(?:ENV(?:\[|\.fetch\(\s*)["'])?([\w.]+)(?:["'][\])])?\}/g, (whole, name: string) =>
    Object.hasOwn(PLACES, name) ? PLACES[name]! : whole,
  );

/** The usual name of a variable with a field of the pod. */
export const usualName = (fieldPath: string): string | undefined =>
  ({ 'metadata.name': 'POD_NAME', 'metadata.namespace': 'POD_NAMESPACE', 'spec.nodeName': 'NODE_NAME' })[fieldPath];

/** Settings that describe the pod. The shipper adds them to records. */
import { setting } from './setting.js';
import * as value from './values/setting-values.js';

export const POD_SETTINGS = {
  podName: setting({ name: 'POD_NAME', help: 'Name of the pod.', parse: value.text }),
  podNamespace: setting({
    name: 'POD_NAMESPACE',
    aliases: ['NAMESPACE'],
    help: 'Namespace of the pod.',
    parse: value.text,
  }),
  podUid: setting({ name: 'POD_UID', help: 'UID of the pod.', parse: value.text }),
  nodeName: setting({ name: 'NODE_NAME', help: 'Name of the node.', parse: value.text }),
  containerName: setting({
    name: 'CONTAINER_NAME',
    help: 'Container name for records of processes that do not report one.',
    parse: value.text,
  }),
} as const;

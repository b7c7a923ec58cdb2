/** Properties of the user's own sink: a JavaScript module in a ConfigMap. */

import { must } from '../props/must.js';
import { configMapFilePath } from '../sidecar/sink-files.js';
import type { SecretFile, SinkConfig, SinkEgress, SinkIamStatement } from './sink-config.js';

/** Properties of the module sink. */
export interface ModuleSinkProps {
  /** Name of the ConfigMap, in the namespace of the workload. */
  readonly configMap: string;

  /** Key in the ConfigMap, such as `sink.mjs`. The suffix `.mjs` or `.cjs` determines the kind of module. */
  readonly key: string;

  /**
   * Variables for the module. Names that start with `LOGTAP_` or `AWS_` are reserved for the shipper.
   *
   * @default - none
   */
  readonly variables?: { readonly [name: string]: string };

  /**
   * Values of Secrets for the module. Each `setting` is a variable with the path of a file.
   *
   * @default - none
   */
  readonly secretFiles?: SecretFile[];

  /**
   * AWS permissions that the module needs.
   *
   * @default - none
   */
  readonly iam?: SinkIamStatement[];

  /**
   * Connections that the module opens.
   *
   * @default - none
   */
  readonly egress?: SinkEgress[];
}

export function userModule(props: ModuleSinkProps): SinkConfig {
  const { configMap, key, variables = {}, secretFiles = [], iam = [], egress = [] } = props;
  must(
    /^[-._a-zA-Z0-9]{1,249}\.[mc]js$/.test(key),
    'key',
    key,
    'be a key of a ConfigMap with the suffix .mjs or .cjs: rename it',
  );
  for (const name of [...Object.keys(variables), ...secretFiles.map(({ setting }) => setting)]) {
    must(
      /^(?!LOGTAP_|AWS_)[A-Za-z_][A-Za-z0-9_]*$/.test(name),
      'variables',
      name,
      'be letters, digits and _, and not start with LOGTAP_ or AWS_, which are reserved for the shipper: rename it',
    );
  }
  const file = { configMapName: configMap, key };
  return {
    name: `module:${configMapFilePath(file)}`,
    settings: variables,
    secretFiles,
    iam,
    egress,
    configMapFiles: [file],
  };
}

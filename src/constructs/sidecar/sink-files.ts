/** Files for sinks and stages: keys of Secrets and ConfigMaps, in one volume of the shipper. */
import { SECRETS_PATH } from '../../contract.js';
import type { ConfigMapFile, SecretFile } from '../sinks/sink-config.js';

/** Below SECRETS_PATH. No key of a Secret contains a slash, so that the two kinds of paths never collide. */
const secretPath = ({ secretName, key }: SecretFile) => `${secretName}/${key}`;
const configMapPath = ({ configMapName, key }: ConfigMapFile) => `configmaps/${configMapName}/${key}`;

export const secretFilePath = (file: SecretFile) => `${SECRETS_PATH}/${secretPath(file)}`;
export const configMapFilePath = (file: ConfigMapFile) => `${SECRETS_PATH}/${configMapPath(file)}`;

/** Files of the shipper. */
export interface SidecarFiles {
  readonly secrets: readonly SecretFile[];
  /** Those without which the shipper cannot start. The others are optional, so that no missing Secret holds the application back. */
  readonly required: readonly SecretFile[];
  readonly configMaps: readonly ConfigMapFile[];
}

/** Sources of a projected volume. */
export function projected({ secrets, required, configMaps }: SidecarFiles): object[] {
  const isOptional = (file: SecretFile) => !required.some((other) => secretPath(other) === secretPath(file));
  const items = (key: string, path: string) => [{ key, path }];
  // Two settings may read the same key, and Kubernetes rejects a duplicate path.
  const isFirst = (file: SecretFile, i: number) =>
    secrets.findIndex((other) => secretPath(other) === secretPath(file)) === i;
  const isFirstMap = (file: ConfigMapFile, i: number) =>
    configMaps.findIndex((other) => configMapPath(other) === configMapPath(file)) === i;
  return [
    ...secrets.filter(isFirst).map((file) => ({
      secret: {
        name: file.secretName,
        items: items(file.key, secretPath(file)),
        ...(isOptional(file) && { optional: true }),
      },
    })),
    ...configMaps.filter(isFirstMap).map((file) => ({
      configMap: { name: file.configMapName, items: items(file.key, configMapPath(file)) },
    })),
  ];
}

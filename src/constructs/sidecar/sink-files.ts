/** Files for sinks and stages: keys of Secrets and ConfigMaps, in one volume of the shipper. */
import type { ConfigMapFile, SecretFile } from '../sinks/sink-config.js';

export const SECRETS_PATH = '/etc/logtap/secrets';

/** Below SECRETS_PATH. No key of a Secret contains a slash, so that the two kinds of paths never collide. */
const secretPath = ({ secretName, key }: SecretFile) => `${secretName}/${key}`;
const configMapPath = ({ configMapName, key }: ConfigMapFile) => `configmaps/${configMapName}/${key}`;

export const secretFilePath = (file: SecretFile) => `${SECRETS_PATH}/${secretPath(file)}`;
export const configMapFilePath = (file: ConfigMapFile) => `${SECRETS_PATH}/${configMapPath(file)}`;

/** Sources of a projected volume. */
export function projected(secrets: readonly SecretFile[], configMaps: readonly ConfigMapFile[]): object[] {
  const items = (key: string, path: string) => [{ key, path }];
  // Two settings may read the same key, and Kubernetes rejects a duplicate path.
  const isFirst = (file: SecretFile, i: number) =>
    secrets.findIndex((other) => secretPath(other) === secretPath(file)) === i;
  const isFirstMap = (file: ConfigMapFile, i: number) =>
    configMaps.findIndex((other) => configMapPath(other) === configMapPath(file)) === i;
  return [
    ...secrets
      .filter(isFirst)
      .map((file) => ({ secret: { name: file.secretName, items: items(file.key, secretPath(file)) } })),
    ...configMaps.filter(isFirstMap).map((file) => ({
      configMap: { name: file.configMapName, items: items(file.key, configMapPath(file)) },
    })),
  ];
}

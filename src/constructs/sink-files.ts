/** Where the shipper finds what sinks want as files: keys of Secrets and of ConfigMaps, in one volume of its own. */
import type { ConfigMapFile, SecretFile } from './sink-config.js';

export const SECRETS_PATH = '/etc/logtap/secrets';

/** Below SECRETS_PATH. No key of a Secret has a slash in it, so that the two kinds never meet. */
const secretPath = ({ secretName, key }: SecretFile) => `${secretName}/${key}`;
const configMapPath = ({ configMapName, key }: ConfigMapFile) => `configmaps/${configMapName}/${key}`;

export const secretFilePath = (file: SecretFile) => `${SECRETS_PATH}/${secretPath(file)}`;
export const configMapFilePath = (file: ConfigMapFile) => `${SECRETS_PATH}/${configMapPath(file)}`;

/** Sources of a projected volume. */
export function projected(secrets: readonly SecretFile[], configMaps: readonly ConfigMapFile[]): object[] {
  const items = (key: string, path: string) => [{ key, path }];
  // Two settings may read one key, and Kubernetes refuses a path that stands twice.
  const isFirst = (file: SecretFile, i: number) =>
    secrets.findIndex((other) => secretPath(other) === secretPath(file)) === i;
  return [
    ...secrets
      .filter(isFirst)
      .map((file) => ({ secret: { name: file.secretName, items: items(file.key, secretPath(file)) } })),
    ...configMaps.map((file) => ({
      configMap: { name: file.configMapName, items: items(file.key, configMapPath(file)) },
    })),
  ];
}

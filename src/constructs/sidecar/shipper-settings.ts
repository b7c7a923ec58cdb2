/** The settings of the shipper that follow from the properties alone, in every pod. */
import type { ResolvedProps } from '../props/resolve.js';
import { type SidecarFiles, secretFilePath } from './sink-files.js';

export function shipperSettings(props: ResolvedProps): Record<string, string> {
  const { sink, shipper, records } = props;
  return {
    LOGTAP_SINK: sink.name,
    ...shipper.settings,
    ...records.settings,
    ...sink.settings,
    ...Object.fromEntries(
      [...sink.secretFiles, ...records.secretFiles].map((file) => [file.setting, secretFilePath(file)]),
    ),
  };
}

/** Files that the shipper reads. Two properties may name the same key of a ConfigMap. */
export function filesOf({ sink, containerSecretFiles, records }: ResolvedProps): SidecarFiles {
  const configMaps = [...(sink.configMapFiles ?? []), ...records.configMapFiles];
  return {
    secrets: [...sink.secretFiles, ...containerSecretFiles, ...records.secretFiles],
    // No line may leave unredacted, and a user's module reads its files itself.
    required: [...records.secretFiles, ...sink.secretFiles.filter(({ setting }) => !setting.startsWith('LOGTAP_'))],
    configMaps,
  };
}

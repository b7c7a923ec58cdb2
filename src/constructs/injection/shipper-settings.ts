/** The settings of the shipper that follow from the properties alone, in every pod. */
import type { ResolvedProps } from '../props/resolve.js';
import { secretFilePath } from './sink-files.js';

export function shipperSettings({ sink, shipper }: ResolvedProps): Record<string, string> {
  return {
    LOGTAP_SINK: sink.name,
    ...shipper.settings,
    ...sink.settings,
    ...Object.fromEntries(sink.secretFiles.map((file) => [file.setting, secretFilePath(file)])),
  };
}

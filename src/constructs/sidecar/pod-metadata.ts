/** Labels and annotations of the pod, as files of the Downward API, which need no permissions. */
import { FIELD_SETTINGS } from '../../catalog/records/fields.js';
import { placeholdersOf } from '../../catalog/values/placeholders.js';
import type { ResolvedProps } from '../props/resolve.js';
import { shipperSettings } from './shipper-settings.js';

export const POD_VOLUME = 'logtap-pod';
/** The directory of the default files of the shipper. */
export const POD_PATH = '/.logtap-pod';

export interface PodMetadata {
  /** Names of labels that records, or names in the sink, refer to. */
  readonly labels: readonly string[];
  readonly annotations: readonly string[];
}

/** The metadata of the pod that the settings refer to. */
export function podMetadataOf(props: ResolvedProps): PodMetadata {
  const settings = shipperSettings(props);
  const placeholders = Object.values(settings).flatMap(placeholdersOf);
  const names = (setting: { readonly name: string }, kind: 'label' | 'annotation') => {
    const listed = settings[setting.name]?.split(',').map((name) => name.trim()) ?? [];
    return [...new Set([...listed, ...placeholders.filter((each) => each.kind === kind).map(({ name }) => name)])];
  };
  return {
    labels: names(FIELD_SETTINGS.podLabels, 'label'),
    annotations: names(FIELD_SETTINGS.podAnnotations, 'annotation'),
  };
}

/** The items of the volume; empty if no setting refers to the metadata. */
export function podMetadataItems(props: ResolvedProps): object[] {
  const { labels, annotations } = podMetadataOf(props);
  const item = (path: string) => ({ path, fieldRef: { fieldPath: `metadata.${path}` } });
  return [...(labels.length > 0 ? [item('labels')] : []), ...(annotations.length > 0 ? [item('annotations')] : [])];
}

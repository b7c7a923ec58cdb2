/** The settings of this sink. */
import type { OPENSEARCH_SETTINGS } from '../../../catalog/sinks/opensearch.js';
import type { SettingsOf } from '../sink-context.js';

export type OpenSearchSettings = SettingsOf<keyof typeof OPENSEARCH_SETTINGS, 'opensearchUrls'>;

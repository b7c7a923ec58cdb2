/** Settings of the OpenSearch sink, and the rules of its names. */
import { OPENSEARCH_INDEX } from '../../service-names.js';
import { must, mustBeNamed, mustBeUrl } from '../must.js';
import type { SinkConfig } from '../sink-config.js';

/** A key of a Secret in the namespace of the workload. */
export interface SecretKey {
  /** Name of the Secret. */
  readonly name: string;

  /** Key in the Secret. */
  readonly key: string;
}

/** Where in OpenSearch the records go. */
export interface OpenSearchSinkProps {
  /** URL of the cluster, http or https, without credentials. */
  readonly url: string;

  /**
   * Index: lower case, at most 255 bytes, without `\ / * ? " < > | , # :` and spaces, not starting with `- _ +`. Date patterns in
   * braces, such as `logs-{yyyy.MM.dd}`, are filled from the UTC time of each record: `yyyy`, `MM`, `dd`, `HH`.
   *
   * @default 'logtap-{yyyy.MM.dd}'
   */
  readonly index?: string;

  /**
   * User of basic authentication. Needs `passwordSecret`.
   *
   * @default - no basic authentication
   */
  readonly username?: string;

  /**
   * Where the password lies. It is mounted as a file into the shipper alone and appears in no manifest.
   *
   * @default - no basic authentication
   */
  readonly passwordSecret?: SecretKey;
}

export function openSearch(props: OpenSearchSinkProps): SinkConfig {
  const { url, index, username, passwordSecret } = props;
  mustBeUrl('url', url);
  if (index !== undefined) mustBeNamed('index', index, OPENSEARCH_INDEX);
  must(
    (username === undefined) === (passwordSecret === undefined),
    username === undefined ? 'passwordSecret' : 'username',
    username ?? passwordSecret,
    "come with its counterpart: give both 'username' and 'passwordSecret', or neither",
  );
  return {
    name: 'opensearch',
    settings: {
      LOGTAP_OPENSEARCH_URL: url,
      ...(index !== undefined && { LOGTAP_OPENSEARCH_INDEX: index }),
      ...(username !== undefined && { LOGTAP_OPENSEARCH_USERNAME: username }),
    },
    secretFiles:
      passwordSecret === undefined
        ? []
        : [
            {
              setting: 'LOGTAP_OPENSEARCH_PASSWORD_FILE',
              secretName: passwordSecret.name,
              key: passwordSecret.key,
            },
          ],
  };
}

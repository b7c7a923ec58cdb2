/** Settings of the OpenSearch sink, and the rules of its names. */
import { must, mustBeUrl } from '../must.js';
import type { SinkConfig } from '../sink-config.js';
import { hasToken } from '../token.js';

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
  if (index !== undefined && !hasToken(index)) {
    const literal = index.replace(/\{((?:yyyy|MM|dd|HH|[-._])+)\}/g, (_, date: string) => date.replace(/[yMdH]/g, '0'));
    must(
      /^[^-_+\\/*?"<>|,#:{}\sA-Z][^\\/*?"<>|,#:{}\sA-Z]*$/.test(literal) && !/^\.{1,2}$/.test(literal),
      'index',
      index,
      'be lower case, without \\ / * ? " < > | , # : and spaces, not start with - _ +, and hold only yyyy MM dd HH - . _ in braces: rename the index',
    );
    must(Buffer.byteLength(literal) <= 255, 'index', index, 'be at most 255 bytes long: shorten it');
  }
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

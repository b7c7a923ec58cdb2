/** Which service a proof is about: by a flag, or by the settings of the shipper. */
import { UsageError } from '../usage.js';
import type { ProofRequest } from './prove-module.js';

type Service = ProofRequest['service'];
type Kind = Service['kind'];

export interface ServiceFlags {
  readonly opensearch?: string | undefined;
  readonly index?: string | undefined;
  readonly cloudwatch?: string | undefined;
}

/** @throws UsageError where it is none, or not one, or not a service that can be read */
export function serviceOf(flags: ServiceFlags, env: Readonly<Record<string, string | undefined>>): Service {
  const kind = kindOf(flags, env);
  if (kind === 'cloudwatch') {
    if (flags.index !== undefined)
      throw new UsageError('--index needs OpenSearch, but the proof is of CloudWatch Logs');
    const group = flags.cloudwatch ?? env.LOGTAP_CLOUDWATCH_LOG_GROUP;
    if (group === undefined || group === '')
      throw new UsageError('prove needs --cloudwatch GROUP, or LOGTAP_CLOUDWATCH_LOG_GROUP');
    return { kind, group };
  }
  const url = flags.opensearch ?? env.LOGTAP_OPENSEARCH_URL;
  if (url === undefined) throw new UsageError('prove needs --opensearch URL, or LOGTAP_OPENSEARCH_URL');
  if (!URL.canParse(url))
    throw new UsageError(`--opensearch (${url}) must be a URL such as https://search.example:9200`);
  return { kind, url, index: flags.index };
}

function kindOf({ opensearch, cloudwatch }: ServiceFlags, env: Readonly<Record<string, string | undefined>>): Kind {
  const flagged: Kind[] = [];
  if (opensearch !== undefined) flagged.push('opensearch');
  if (cloudwatch !== undefined) flagged.push('cloudwatch');
  const kinds = flagged.length > 0 ? flagged : kindsIn(env);
  if (kinds.length > 1)
    throw new UsageError('a proof is of one service: prove needs --opensearch URL or --cloudwatch GROUP');
  const [kind] = kinds;
  if (kind === undefined)
    throw new UsageError(
      'prove needs --opensearch URL or --cloudwatch GROUP, or the settings of one of them in the environment',
    );
  return kind;
}

/** Those of LOGTAP_SINK; without it, those whose address the environment has. */
function kindsIn(env: Readonly<Record<string, string | undefined>>): Kind[] {
  const addresses = { opensearch: env.LOGTAP_OPENSEARCH_URL, cloudwatch: env.LOGTAP_CLOUDWATCH_LOG_GROUP };
  const sinks = env.LOGTAP_SINK?.split(',').map((name) => name.trim());
  const kinds: readonly Kind[] = ['opensearch', 'cloudwatch'];
  return kinds.filter((kind) => sinks?.includes(kind) ?? addresses[kind] !== undefined);
}

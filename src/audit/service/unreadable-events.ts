/** What CloudWatch Logs answers instead of events: the error with its remedy. Its client has repeated the request before. */
import { codeOf, messageOf } from '../../shipper/errors.js';
import { CREDENTIALS, credentialsText, THROTTLING } from '../../shipper/sinks/aws/error-names.js';
import { type Hint, hintText, networkHint, pageHint } from '../../shipper/sinks/hints.js';
import { UnreadableError } from './unreadable.js';

export function unreadableEvents(error: unknown, operation: string): UnreadableError {
  const { name, $metadata: answer } = error as {
    readonly name: string;
    readonly $metadata?: { httpStatusCode?: number };
  };
  // The client adds an advice about its own fields in a second line.
  const [words = ''] = messageOf(error).split('\n');
  const status = answer?.httpStatusCode;
  const hint = hintFor(name, words, status, codeOf(error));
  const what = status === undefined ? '' : ` answered ${status}${name === 'SyntaxError' ? '' : ` ${name}`}`;
  return new UnreadableError(`${operation}${what}: ${words}${hint === undefined ? '' : hintText(hint)}`, false, {
    cause: error,
  });
}

function hintFor(name: string, words: string, status: number | undefined, code: string): Hint | undefined {
  if (name === 'SyntaxError') return pageHint(status ?? 0, 'AWS_ENDPOINT_URL_CLOUDWATCH_LOGS');
  if (name === 'CredentialsProviderError')
    return {
      text: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE',
      symptom: 'there-are-no-credentials',
    };
  if (name === 'AccessDeniedException')
    return { text: 'allow logs:GetLogEvents on the log group', symptom: 'the-service-forbids-it' };
  if (CREDENTIALS.has(name)) return { text: credentialsText(name, words), symptom: 'the-credentials-are-refused' };
  if (THROTTLING.has(name))
    return { text: 'start it again later: with --resume FILE it continues', symptom: 'the-service-is-throttled' };
  return networkHint(code);
}

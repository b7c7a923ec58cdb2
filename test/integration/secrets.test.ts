/** Services that quote all they were sent in their answers: no secret comes out of the shipper again. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, createConnection } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../../scripts/free-port.js';
import { temporaryDirectory, until } from '../support/run.js';
import { drain, startShipper } from '../support/tapped.js';

const PASSWORD = 'correct "horse" battery\\staple';
const SECRET_KEY = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const SESSION_TOKEN = 'IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCXVzLWVhc3QtMSJ==';
/** Also as they look in a header or in JSON. */
const SECRETS = [
  PASSWORD,
  JSON.stringify(PASSWORD).slice(1, -1),
  Buffer.from(`admin:${PASSWORD}`).toString('base64'),
  SECRET_KEY,
  SESSION_TOKEN,
];

/** Answers with everything that it was sent, and with the secrets in clear; first unavailable, then a refusal. */
function quote({ headers }: IncomingMessage, isFirst: boolean): { status: number; body: string } {
  const words = `${PASSWORD} ${SECRET_KEY} ${SESSION_TOKEN} ${JSON.stringify(headers)}`;
  const answer =
    headers['x-amz-target'] === undefined
      ? { error: { type: isFirst ? 'unavailable' : 'mapper_parsing_exception', reason: words } }
      : { __type: isFirst ? 'ServiceUnavailableException' : 'InvalidParameterException', message: words };
  return { status: isFirst ? 503 : 400, body: JSON.stringify(answer) };
}

test('rules 73, 76: neither log nor metrics nor dead letters hold a secret', async () => {
  const seen = new Set<string | undefined>();
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const isFirst = !seen.has(request.url);
      seen.add(request.url);
      // The records are refused, not the request: it would be retried without end.
      const sent = Buffer.concat(chunks);
      const probes: Record<string, string> = {
        '"message":"logtap"': '{}',
        '"body":"logtap-probe"': '{"errors":false,"items":[{"create":{"status":201}}]}',
      };
      const good = Object.keys(probes).find((probe) => sent.includes(probe));
      const { status, body } =
        isFirst || good === undefined ? quote(request, isFirst) : { status: 200, body: probes[good]! };
      response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-requestid': SESSION_TOKEN }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const directory = temporaryDirectory();
  const [passwordFile, deadLetters] = [join(directory, 'password'), join(directory, 'dead.ndjson')];
  writeFileSync(passwordFile, `${PASSWORD}\n`);
  const port = await freePort();
  try {
    const shipper = await startShipper({
      LOGTAP_SINK: 'opensearch,cloudwatch',
      LOGTAP_OPENSEARCH_URL: url,
      LOGTAP_OPENSEARCH_USERNAME: 'admin',
      LOGTAP_OPENSEARCH_PASSWORD_FILE: passwordFile,
      LOGTAP_CLOUDWATCH_LOG_GROUP: '/a',
      AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: url,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
      AWS_SECRET_ACCESS_KEY: SECRET_KEY,
      AWS_SESSION_TOKEN: SESSION_TOKEN,
      LOGTAP_DEAD_LETTER_FILE: deadLetters,
      LOGTAP_STATUS_PORT: String(port),
      LOGTAP_STATUS_HOST: '127.0.0.1',
      LOGTAP_BATCH_LINGER_MS: '10',
      LOGTAP_GRACE_SECONDS: '3',
    });
    await new Promise<void>((resolve) => {
      const peer = createConnection(shipper.socket, () => peer.end('one\ntwo\n'));
      peer.on('close', () => resolve()).resume();
    });
    await until('both sinks have refused', () => readFileSync(deadLetters, 'utf8').split('\n').length >= 5);
    const pages = await Promise.all(
      ['metrics', 'ledger', 'readyz'].map(async (page) => (await fetch(`http://127.0.0.1:${port}/${page}`)).text()),
    );
    const { stderr, stdout } = await drain(shipper);
    const everything = [stderr, stdout, readFileSync(deadLetters, 'utf8'), ...pages].join('\n');
    expect(everything).toContain('mapper_parsing_exception');
    expect(everything).toContain('invalid_parameter');
    expect(everything).toContain('***');
    for (const secret of SECRETS) expect(everything).not.toContain(secret);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

/** Buckets of an emulator, which checks no signature. */
import { AWS_ENV } from './sinks-read-back.js';

const headers = {
  authorization: `AWS4-HMAC-SHA256 Credential=AKIA/20260101/${AWS_ENV.AWS_REGION}/s3/aws4_request, SignedHeaders=host, Signature=0`,
};

export interface StoredObject {
  readonly key: string;
  readonly body: Buffer;
}

export async function createBucket(url: string, bucket: string): Promise<void> {
  const configuration = `<CreateBucketConfiguration><LocationConstraint>${AWS_ENV.AWS_REGION}</LocationConstraint></CreateBucketConfiguration>`;
  const response = await fetch(`${url}/${bucket}`, { method: 'PUT', headers, body: configuration });
  if (!response.ok) throw new Error(`${bucket} is not made: ${response.status}`);
}

/** All objects, by their keys. */
export async function readObjects(url: string, bucket: string): Promise<StoredObject[]> {
  const keys: string[] = [];
  for (let token = ''; ; ) {
    const query = `list-type=2${token === '' ? '' : `&continuation-token=${encodeURIComponent(token)}`}`;
    const list = await (await fetch(`${url}/${bucket}?${query}`, { headers })).text();
    keys.push(...[...list.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key!));
    [, token = ''] = /<NextContinuationToken>([^<]*)</.exec(list) ?? [];
    if (token === '') break;
  }
  return Promise.all(
    keys.map(async (key) => {
      const path = key.split('/').map(encodeURIComponent).join('/');
      const response = await fetch(`${url}/${bucket}/${path}`, { headers });
      return { key, body: Buffer.from(await response.arrayBuffer()) };
    }),
  );
}

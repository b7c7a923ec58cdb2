/** The image, built from the project's own Dockerfile on a base that has Node and no shell. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeBaseImage } from '../../scripts/image-parts.js';
import type { Podman } from './podman.js';
import { root } from './run.js';

export const IMAGE = 'localhost/cdk8s-logtap:test';

/** The base image that the Dockerfile names. */
const BASE = /^ARG BASE=(.+)$/m.exec(readFileSync(join(root, 'Dockerfile'), 'utf8'))?.[1] ?? '';

export async function buildImage(podman: Podman): Promise<void> {
  await podman.import(BASE, writeBaseImage, 'ENV PATH=/nodejs/bin');
  await podman.podman('build', '--pull=never', '--tag', IMAGE, root);
}

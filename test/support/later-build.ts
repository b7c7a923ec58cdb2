/** The library and the shipper of a later release: this source, with the next version of the frames or of the layout of rings. */
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { FRAME_VERSION, RING_VERSION } from '../../src/contract.js';
import type { Build } from './releases.js';
import { root, temporaryDirectory } from './run.js';

const VERSIONS = { FRAME_VERSION, RING_VERSION };
type Version = keyof typeof VERSIONS;

/** Replaces a text that the source has once. */
function replace(source: string, text: string, by: string): string {
  if (source.split(text).length !== 2) throw new Error(`'${text}' is not once in the source`);
  return source.replace(text, by);
}

export async function buildLater(version: Version): Promise<Build> {
  const directory = temporaryDirectory();
  const number = VERSIONS[version];
  return {
    library: buildLibrary(directory, `#define LT_${version} ${number}\n`, `#define LT_${version} ${number + 1}\n`),
    shipper: await buildShipper(
      directory,
      `export const ${version} = ${number};`,
      `export const ${version} = ${number + 1};`,
    ),
  };
}

function buildLibrary(directory: string, text: string, by: string): string {
  const native = join(directory, 'native');
  cpSync(join(root, 'native'), native, { recursive: true });
  const contract = join(native, 'src/base/contract.h');
  writeFileSync(contract, replace(readFileSync(contract, 'utf8'), text, by));
  const library = join(directory, process.arch === 'arm64' ? 'aarch64' : 'x86_64', 'liblogtap.so');
  execFileSync('make', ['--silent', '-C', native, `OUT=${directory}`, library]);
  return library;
}

async function buildShipper(directory: string, text: string, by: string): Promise<string> {
  const shipper = join(directory, 'shipper.js');
  const contract = join(root, 'src/contract.ts');
  await build({
    entryPoints: [join(root, 'src/shipper/main.ts')],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    outfile: shipper,
    logLevel: 'error',
    plugins: [
      {
        name: 'later',
        setup({ onLoad }) {
          onLoad({ filter: /src\/contract\.ts$/ }, () => ({
            contents: replace(readFileSync(contract, 'utf8'), text, by),
            loader: 'ts',
          }));
        },
      },
    ],
  });
  return shipper;
}

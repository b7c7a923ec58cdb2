/** A C program that printf's 100,000 numbered lines and ends at once: library and shipper lose none and keep the order. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith } from '../support/capability.js';
import { run, temporaryDirectory } from '../support/run.js';
import { drain, startShipper, tapEnvironment } from '../support/tapped.js';

const LINES = 100_000;
const PROGRAM = `
#include <stdio.h>
int main(void) {
    for (int i = 0; i < ${LINES}; i++) printf("line %d of a program that ends at once\\n", i);
    return 0;
}`;
const expected = Array.from({ length: LINES }, (_, i) => `line ${i} of a program that ends at once`);

function compile(compiler: string): string {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'lines.c'), PROGRAM);
  execFileSync(compiler, ['-O1', '-o', join(directory, 'lines'), join(directory, 'lines.c')]);
  return join(directory, 'lines');
}

describeWith(['musl'], '100,000 lines by printf', () => {
  test.each([
    { libc: 'glibc', compiler: 'gcc', suppress: false },
    { libc: 'glibc', compiler: 'gcc', suppress: true },
    { libc: 'musl', compiler: 'musl-gcc', suppress: false },
    { libc: 'musl', compiler: 'musl-gcc', suppress: true },
  ])('$libc, suppress $suppress', async ({ compiler, suppress }) => {
    const program = compile(compiler);
    const target = join(temporaryDirectory(), 'out.ndjson');
    const shipper = await startShipper({ LOGTAP_SINK: 'file', LOGTAP_FILE_PATH: target });
    const { code, stdout } = await run(program, [], { env: tapEnvironment(shipper.socket, { suppress }) });
    expect(code).toBe(0);
    const ended = await drain(shipper);
    expect(ended.code).toBe(0);
    const arrived = readFileSync(target, 'utf8').trimEnd().split('\n');
    expect(arrived.map((line) => JSON.parse(line).message)).toEqual(expected);
    expect(stdout).toBe(suppress ? '' : `${expected.join('\n')}\n`);
    expect(JSON.parse(ended.stderr.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
      read: LINES,
      held: 0,
      balanced: true,
    });
  });
});

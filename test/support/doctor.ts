/** Asks `logtap doctor`, and makes the programs that it is asked about. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Diagnosis, Verdict } from '../../src/doctor/verdict.js';
import { type Ended, library, logtap, run, temporaryDirectory } from './run.js';

export const NOBODY = 65534;
export const LINE = 'a line of the program';

/** Says its line and ends; with an argument it stays. */
const C = `#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv) {
  (void)argv;
  puts("${LINE}");
  fflush(stdout);
  if (argc > 1) pause();
  return 0;
}
`;

export interface Answer {
  readonly code: number | null;
  readonly report: Diagnosis & { readonly verdict: Verdict };
  /** Each finding as `weight: what was seen`. */
  readonly seen: readonly string[];
}

/** A directory that other users can read too, with what they need of this project. */
export class Workshop {
  readonly directory = temporaryDirectory();
  readonly library = join(this.directory, 'liblogtap.so');
  readonly #logtap = join(this.directory, 'cli', 'logtap.js');

  constructor() {
    chmodSync(this.directory, 0o755);
    mkdirSync(join(this.directory, 'cli'));
    copyFileSync(library, this.library);
    for (const name of ['logtap.js', 'main.js'])
      copyFileSync(join(dirname(logtap), name), join(this.directory, 'cli', name));
    writeFileSync(join(this.directory, 'program.c'), C);
  }

  /** Any call of the doctor, by another user when one is given. */
  run(args: readonly string[], uid?: number, under: readonly string[] = []): Promise<Ended> {
    const [command = '', ...rest] = [...under, process.execPath, this.#logtap, 'doctor', ...args];
    return run(command, rest, uid === undefined ? {} : { uid, gid: uid });
  }

  /** A diagnosis. An error of the doctor is one of the test. */
  async ask(args: readonly string[], uid?: number, under?: readonly string[]): Promise<Answer> {
    const { code, stdout, stderr } = await this.run(['-o', 'json', ...args], uid, under);
    if (stderr !== '') throw new Error(stderr);
    const report: Answer['report'] = JSON.parse(stdout);
    return { code, report, seen: report.findings.map(({ weight, seen }) => `${weight}: ${seen}`) };
  }

  compile(name: string, compiler: string, ...flags: string[]): string {
    const executable = join(this.directory, name);
    execFileSync(compiler, ['-o', executable, join(this.directory, 'program.c'), ...flags]);
    return executable;
  }

  go(name: string, source: string, env: Readonly<Record<string, string>>, ...flags: string[]): string {
    const executable = join(this.directory, name);
    const file = join(this.directory, `${name}.go`);
    writeFileSync(file, source);
    execFileSync('go', ['build', ...flags, '-o', executable, file], {
      env: { ...process.env, GOFLAGS: '', ...env },
    });
    return executable;
  }

  script(name: string, text: string | Buffer, mode = 0o755): string {
    const path = join(this.directory, name);
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  }
}

/** Runs a command of the CLI in this process, with its streams as texts. */
import { Readable, Writable } from 'node:stream';
import type { CommandStreams } from '../../src/cli/streams.js';

export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code?: number;
  readonly error?: Error;
}

export async function runCommand(
  command: (args: string[], io: CommandStreams) => Promise<number>,
  args: string[],
  input = '',
): Promise<CommandResult> {
  const written = { stdout: '', stderr: '' };
  const collect = (name: keyof typeof written) =>
    new Writable({
      write(chunk, _encoding, done) {
        written[name] += chunk;
        done();
      },
    });
  const io = { stdin: Readable.from([Buffer.from(input)]), stdout: collect('stdout'), stderr: collect('stderr') };
  try {
    const code = await command(args, io);
    return { ...written, code };
  } catch (error) {
    return { ...written, error: error as Error };
  }
}

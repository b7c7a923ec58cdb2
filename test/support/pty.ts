/** Runs a program on a pseudo terminal of its own, which Python opens: Node has no call for it. */
import { type Running, start } from './run.js';

/**
 * The terminal's output comes as stdout. Lines on stdin control it: `type TEXT` (a JSON string), `size COLUMNS`, `signal NAME`
 * for the program. The exit code is the program's, or 128 + n for signal n.
 */
const TERMINAL = `
import fcntl, json, os, pty, select, signal, struct, sys, termios
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
def resize(columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
resize(int(sys.argv[1]))
control, rest = 0, b""
while True:
    ready = select.select([terminal] + ([0] if control is not None else []), [], [])[0]
    if 0 in ready:
        got = os.read(0, 4096)
        if not got: control = None
        *lines, rest = (rest + got).split(b"\\n")
        for line in lines:
            word, _, value = line.decode().partition(" ")
            if word == "type": os.write(terminal, json.loads(value).encode())
            elif word == "size": resize(int(value))
            elif word == "signal": os.kill(pid, getattr(signal, value))
    if terminal in ready:
        try: got = os.read(terminal, 65536)
        except OSError: break
        if not got: break
        sys.stdout.buffer.write(got); sys.stdout.buffer.flush()
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(code if code >= 0 else 128 - code)
`;

export interface Terminal extends Running {
  /** As from its keyboard: \\u0003 is Ctrl-C, \\u001a Ctrl-Z. */
  type(text: string): void;
  resize(columns: number): void;
  signal(name: NodeJS.Signals): void;
}

export interface TerminalOptions {
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export function startOnTerminal(
  command: string,
  args: readonly string[],
  { columns = 120, env = {} }: TerminalOptions = {},
): Terminal {
  const running = start('python3', ['-c', TERMINAL, String(columns), command, ...args], {
    env: { TERM: 'xterm', TZ: 'UTC', ...env },
    isInputOpen: true,
  });
  const control = (line: string) => running.child.stdin!.write(`${line}\n`);
  return {
    ...running,
    type: (text) => control(`type ${JSON.stringify(text)}`),
    resize: (width) => control(`size ${width}`),
    signal: (name) => control(`signal ${name}`),
  };
}

/** What the terminal shows at last: carriage returns and erasures applied, colours left out. */
export function shownBy(output: string): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a terminal gets.
  const plain = output.replace(/\u001b\[[\d;]*m/g, '');
  return plain
    .split('\n')
    .map((line) => line.replace(/\r$/, '').split('\r\u001b[K').at(-1)!)
    .filter((line) => line !== '');
}

/** The Pythons of this machine: that of PATH, and every one that pyenv keeps, of any age. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface Python {
  /** Such as `3.11`. */
  readonly version: string;
  readonly command: string;
  /** The shared library for programs that embed it; undefined: none. */
  readonly library: string | undefined;
}

const SAYS = `
import os, sys, sysconfig
named = [sysconfig.get_config_var(name) or "" for name in ("LIBDIR", "INSTSONAME")]
print("\\n".join(["%d.%d" % sys.version_info[:2], sys.executable, os.path.join(*named)]))`;

function ask(command: string): Python {
  const said = execFileSync(command, ['-c', SAYS], { encoding: 'utf8' }).trim().split('\n');
  const [version = '', executable = '', library = ''] = said;
  return { version, command: executable, library: /\.so/.test(library) && existsSync(library) ? library : undefined };
}

export function pythons(): Python[] {
  const kept = join(process.env.PYENV_ROOT ?? join(homedir(), '.pyenv'), 'versions');
  const names = existsSync(kept) ? readdirSync(kept) : [];
  const commands = names.map((name) => join(kept, name, 'bin', 'python')).filter((command) => existsSync(command));
  const all = ['/usr/bin/python3', ...commands, 'python3'].filter(
    (command) => !command.startsWith('/') || existsSync(command),
  );
  return [
    ...new Map(all.map((command) => ask(command)).map((python) => [realpathSync(python.command), python])).values(),
  ];
}

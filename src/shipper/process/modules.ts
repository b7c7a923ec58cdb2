/** The modules of the shipper, with the code that V8 made of them when the image was built (docs/decisions/0069). */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, Script } from 'node:vm';

const MODULE = /\.cjs$/;
const codeOf = (path: string) => `${path}.code`;

/** V8 rejects the code of another version of itself, and compiles the module then. */
function scriptOf(path: string, filename = path, cachedData?: Buffer): Script {
  const source = readFileSync(path, 'utf8');
  return new Script(`(function (exports, require, module, __filename, __dirname) {${source}\n})`, {
    filename,
    cachedData,
    // A sink or stage of the user may be an ES module.
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
}

/** The code of a module, if there is any: `npm` installs none. */
function compiled(path: string): Buffer | undefined {
  try {
    return readFileSync(codeOf(path));
  } catch {
    return undefined;
  }
}

/** Compiles all modules in a directory and writes their code beside them. */
export function compileModules(directory: string): void {
  for (const name of readdirSync(directory).filter((each) => MODULE.test(each))) {
    const path = join(directory, name);
    // The code contains the name, and V8 replaces it: without the directory the bytes are the same in each.
    writeFileSync(codeOf(path), scriptOf(path, name).createCachedData());
  }
}

/** `require` for modules of a directory, as `./main.cjs`, and for those of Node. */
export function requireIn(directory: string): (name: string) => unknown {
  const loaded = new Map<string, { exports: unknown }>();
  const load = (name: string): unknown => {
    if (!MODULE.test(name)) return require(name);
    const known = loaded.get(name);
    if (known !== undefined) return known.exports;
    const path = join(directory, name);
    const module = { exports: {} };
    // Before it runs, as modules may require each other.
    loaded.set(name, module);
    scriptOf(path, path, compiled(path)).runInThisContext()(module.exports, load, module, path, directory);
    return module.exports;
  };
  return load;
}

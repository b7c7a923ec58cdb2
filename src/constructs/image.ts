/** The image that installs the library and runs the shipper: one image, tagged with this package's version. */

/** Version of this package. `package.json` lies two levels up, from `src/constructs` as from `dist/constructs`. */
export const VERSION: string = require('../../package.json').version;

/** Image of the injected containers unless `LogTapProps.image` names another. */
export const DEFAULT_IMAGE = `cdk8s-logtap:${VERSION}`;

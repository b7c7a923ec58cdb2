/** Loads the bundle of `logtap try` when a command needs it. The image of the shipper does not have it. */
import { existsSync } from 'node:fs';
import { tryFile } from '../package-files.js';
import { CommandError, EXIT } from '../usage.js';
import type { TryModule } from './try-module.js';

/** @throws CommandError if the package does not have it */
export function loadTry(): TryModule {
  if (existsSync(tryFile)) return require(tryFile);
  throw new CommandError(
    `${tryFile} does not exist. Install the npm package cdk8s-logtap, or run \`npm run build\``,
    EXIT.INTERNAL,
  );
}

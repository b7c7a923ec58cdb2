/** Loads the shipper, whose modules are ES modules in files of their own: a sink's are read when the sink is chosen. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

void import(pathToFileURL(join(__dirname, 'main.mjs')).href);

/** The program of the package that does for the shipper what Node cannot. */
import { join } from 'node:path';
import { NATIVE_DIRECTORIES, PROBE_NAME } from '../../contract.js';

/** Relative to the bundle in dist/shipper. There may be none for this architecture. */
export const probeFile = join(__dirname, '..', 'native', NATIVE_DIRECTORIES[process.arch] ?? process.arch, PROBE_NAME);

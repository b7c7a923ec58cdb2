import { overwriteReleased } from '../../src/shipper/records/batch-memory.js';

overwriteReleased();

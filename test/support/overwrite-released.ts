/** Released memory of batches is overwritten in all tests: a place that still reads it has other bytes, and a test sees them. */
import { overwriteReleased } from '../../src/shipper/records/batch-memory.js';

overwriteReleased();

/** The cells of the matrix whose service is a real OpenSearch. */
import { testCells } from './cells.js';

jest.setTimeout(600_000);

testCells(['opensearch'], ['root', 'memory cgroups', 'openssl', 'opensearch']);

/** The cells of the matrix whose service is the referee of CloudWatch Logs' limits, or its emulator. */
import { testCells } from './cells.js';

jest.setTimeout(600_000);

testCells(['cloudwatch', 'moto'], ['root', 'memory cgroups', 'openssl', 'cloudwatch']);

/** The thread of a module stage. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { serve } from './user-stage.js';

void serve(workerData as string, parentPort as MessagePort);

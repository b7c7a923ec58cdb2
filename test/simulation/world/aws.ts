/** Modules of the AWS SDK for a simulated process: credentials that are always there, and the client that makes groups and streams. */
import { LogsService } from './logs.js';
import type { MachineProcess } from './machine.js';

/** A command, as the client sends it. */
interface Command {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
}

const OPERATIONS = ['CreateLogGroup', 'CreateLogStream', 'DescribeLogGroups', 'PutRetentionPolicy'] as const;

export function awsOf(process: MachineProcess): Readonly<Record<string, unknown>> {
  const { machine } = process;

  class CloudWatchLogsClient {
    send({ operation, input }: Command, { abortSignal }: { readonly abortSignal?: AbortSignal } = {}): Promise<object> {
      const service = machine.service;
      if (!(service instanceof LogsService)) throw new Error('the service of this simulation is not CloudWatch Logs');
      return new Promise((resolve, reject) => {
        abortSignal?.addEventListener('abort', () => reject(named('AbortError', 'aborted', 0)), { once: true });
        const { afterMs, error } = service.control(operation, input);
        machine.scheduler.after(afterMs, process, () =>
          error === undefined ? resolve({}) : reject(named(error.name, error.message, error.status)),
        );
      });
    }

    destroy(): void {}
  }

  const commands = OPERATIONS.map((operation) => [
    `${operation}Command`,
    class {
      readonly operation = operation;
      constructor(readonly input: Command['input']) {}
    },
  ]);
  return {
    '@aws-sdk/client-cloudwatch-logs': { CloudWatchLogsClient, ...Object.fromEntries(commands) },
    '@aws-sdk/credential-providers': {
      fromNodeProviderChain: () => async () => ({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'simulated' }),
    },
  };
}

const named = (name: string, message: string, httpStatusCode: number): Error =>
  Object.assign(new Error(message), { name, $metadata: httpStatusCode === 0 ? {} : { httpStatusCode } });

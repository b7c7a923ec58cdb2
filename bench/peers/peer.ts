/** A program that ships lines: how it is found, configured and started. */
import type { Row } from './rows.js';

/** Where a peer reads from, where it sends to, and a directory of its own. */
export interface Task {
  readonly row: Row;
  readonly directory: string;
  /** Path of the socket or of the directory of rings that it is to make; or of the files to read, with `*` for their numbers. */
  readonly input: string;
  readonly url: string;
  /** Authority of the service's certificate, for https. */
  readonly caFile?: string;
}

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** It is not on this machine. */
export interface Missing {
  readonly install: string;
}

export interface Found {
  readonly program: string;
  readonly version: string;
}

export interface Peer {
  readonly name: string;
  readonly input: 'socket' | 'files' | 'rings';
  /** Looks for it, and builds or installs what the cache of the project holds. */
  find(): Found | Missing;
  /** Why it cannot do a row. */
  lacks?(row: Row): string | undefined;
  /** Writes its configuration. */
  command(task: Task, program: string): Command;
}

/** What every client of CloudWatch Logs here is called with. */
export const AWS = {
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  AWS_EC2_METADATA_DISABLED: 'true',
} as const;

export const LOG_GROUP = '/bench';
export const LOG_STREAM = 'bench';

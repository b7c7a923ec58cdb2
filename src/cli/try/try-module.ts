/** The bundle dist/try/main.js, which has the shipper's code. The command loads it only when it needs it. */

export interface TryRequest {
  /** Settings of the shipper, as its environment. */
  readonly settings: Readonly<Record<string, string>>;
  /** A text, or a tape of `logtap run --record`. */
  readonly input: Buffer;
  /** Stream of the lines of a text: `stdout`, `stderr`, or the absolute path of a file. */
  readonly stream: string;
  /** Name of the container of a text. */
  readonly container: string;
  readonly format: 'text' | 'json';
}

export interface TapeRecorder {
  /** Resolves when every connection of the program has ended and the tape is written. */
  close(): Promise<void>;
  /** Ends the wait of `close` for processes that still run. */
  stop(): void;
}

export interface TryModule {
  /**
   * The records that the shipper would make of the input.
   *
   * @throws ConfigError for invalid settings
   */
  explain(request: TryRequest): Promise<string>;
  /** Records the frames that programs send to a unix socket. */
  recordTape(tape: string, socket: string): Promise<TapeRecorder>;
}

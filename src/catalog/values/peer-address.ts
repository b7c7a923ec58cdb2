/** Where a sink connects to over TCP. */
export interface PeerAddress {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
}

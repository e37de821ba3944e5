import type { AccessKey } from './remote-messages.js';

export interface ContractRequest {
  readonly method: string;
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface ContractResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

type FaultScope = 'WriteRecords' | 'Query';

/** A running connector with a Timestream of its own behind it, reached the way its edge is reached. */
export interface ContractSubject {
  send(request: ContractRequest): Promise<ContractResponse>;
  /** A key that the Timestream accepts for everything. */
  readonly key: AccessKey;
  /** How the Timestream is made to misbehave; `faults` of the embedded one. */
  readonly faults: {
    throttleNext(count: number, scope: FaultScope): void;
    failNext(count: number, httpStatus: number, scope: FaultScope): void;
    dropAnswerNext(count: number, scope: FaultScope): void;
    clear(): void;
  };
  /** Another connector takes over, which knows nothing of what the one before remembered; with these options beside those that it had. */
  restart(flags: Readonly<Record<string, string>>): Promise<void>;
  close(): Promise<void>;
}

/** Starts a subject whose connector has these options, by flag name, beside those that its edge needs. The table exists and is empty. */
export type StartContractSubject = (flags: Readonly<Record<string, string>>) => Promise<ContractSubject>;

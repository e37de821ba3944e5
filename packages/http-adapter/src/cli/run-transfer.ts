import type { VerifyResult } from '@timestream-prometheus/connector/operations';
import type { Flags } from './command-definition.js';
import { workAtDestination, type Destination } from './open-destination.js';
import { quantityText } from './quantity-text.js';
import type { ProgramHost } from './program-host.js';
import { STOPPED_EXIT } from './transfer-options.js';

/** Works at the table like every command; what fails because a signal has ended it is an exit code of its own. */
export async function runTransfer(flags: Flags, host: ProgramHost, work: (destination: Destination) => Promise<number>): Promise<number> {
  return workAtDestination(flags, host, async (destination) => {
    try {
      return await work(destination);
    } catch (error) {
      if (host.stopSignal.aborted) return STOPPED_EXIT.code;
      throw error;
    }
  });
}

/** What a comparison of both sides has found. */
export function verifiedText({ compared, missing, different, examples }: VerifyResult): string {
  if (missing + different === 0) return `${quantityText(compared, 'sample')} compared: all are there, bit for bit\n`;
  return `${quantityText(compared, 'sample')} compared: ${missing} missing, ${different} different\n${examples.map((example) => `  ${example}\n`).join('')}`;
}

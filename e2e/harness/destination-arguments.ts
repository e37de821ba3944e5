/** The table that a connector or a command of it works with, and the Timestream that has it. */
export interface DestinationArguments {
  /** Of a Timestream, or of what stands before it. */
  readonly url: string;
  readonly database: string;
  readonly table: string;
}

/** That destination on the command line of the connector. */
export const destinationArguments = ({ url, database, table }: DestinationArguments): readonly string[] => [
  `--write-base-endpoint=${url}`,
  `--query-base-endpoint=${url}`,
  `--default-database=${database}`,
  `--default-table=${table}`,
];

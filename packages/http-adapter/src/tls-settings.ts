/** What Node is given for HTTPS. The last three are there if clients are asked for certificates. */
export interface TlsSettings {
  readonly cert: string;
  readonly key: string;
  /** The authorities of clients. */
  readonly ca?: string;
  readonly requestCert?: boolean;
  /** Whether a client without a good certificate is turned away. */
  readonly rejectUnauthorized?: boolean;
}

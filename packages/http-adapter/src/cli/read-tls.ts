import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Config } from '@timestream-prometheus/connector';
import type { TlsSettings } from '../tls-settings.js';
import { StartupError, fileError } from './startup-error.js';

function readPem(option: string, file: string, check: (pem: string) => unknown, wanted: string): string {
  let pem: string;
  try {
    pem = readFileSync(file, 'utf8');
  } catch (error) {
    throw fileError(error, option, file);
  }
  try {
    check(pem);
  } catch (error) {
    throw new StartupError(`--${option}: ${file} is no ${wanted} in PEM form`, { cause: error });
  }
  return pem;
}

export type TlsOptions = Pick<Config, 'tlsCertificate' | 'tlsKey' | 'tlsClientCa' | 'tlsClientCertificate'>;

/**
 * What the files of TLS hold, or undefined when none are configured.
 *
 * @throws StartupError naming the option and the file
 */
export function readTls({ tlsCertificate, tlsKey, tlsClientCa, tlsClientCertificate }: TlsOptions): TlsSettings | undefined {
  if (tlsCertificate === '' && tlsKey === '') return undefined;
  const cert = readPem('tls-certificate', tlsCertificate, (pem) => new X509Certificate(pem), 'certificate');
  const key = readPem('tls-key', tlsKey, (pem) => createPrivateKey(pem), 'private key without a pass phrase');
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw new StartupError(`--tls-key: ${tlsKey} is not the key of the certificate in ${tlsCertificate}`, { cause: error });
  }
  if (tlsClientCa === '') return { cert, key };
  const ca = readPem('tls-client-ca', tlsClientCa, (pem) => new X509Certificate(pem), 'certificate');
  return { cert, key, ca, requestCert: true, rejectUnauthorized: tlsClientCertificate === 'required' };
}

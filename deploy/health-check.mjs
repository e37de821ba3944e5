#!/usr/bin/env node
/**
 * Whether the server of this container answers, for Docker's HEALTHCHECK: exit code 0 or 1. It asks where the server listens, by HTTPS if that is
 * what it serves. The server's own command line says so, or the environment that both have, with the server's defaults.
 */
import { readFileSync } from 'node:fs';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** The command line of the container's first process, which is the server. Another one may be named, for tests. */
const [, , commandLineFile = '/proc/1/cmdline'] = process.argv;
const flags = readFileSync(commandLineFile, 'utf8').split('\0');

/**
 * A flag as `--name=value` or as two arguments, else the variable of that name, as docs/configuration.md says.
 *
 * @param {string} flag
 * @param {string} variable
 */
function optionOf(flag, variable) {
  const position = flags.findIndex((argument) => argument === flag || argument.startsWith(`${flag}=`));
  const given = flags[position];
  if (given !== undefined) return given === flag ? flags[position + 1] : given.slice(flag.length + 1);
  const value = process.env[variable];
  return value === '' ? undefined : value;
}

const listenAddress = optionOf('--web.listen-address', 'web_listen_address') ?? ':9201';
const colon = listenAddress.lastIndexOf(':');
const host = listenAddress.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
const isEverywhere = host === '' || host === '0.0.0.0' || host === '::';
const request = optionOf('--tls-certificate', 'tls_certificate') === undefined ? requestHttp : requestHttps;

const asked = request(
  {
    host: isEverywhere ? '127.0.0.1' : host,
    port: Number(listenAddress.slice(colon + 1)),
    path: '/-/healthy',
    timeout: 4000,
    // The certificate is made for the name that Prometheus uses, and this process asks itself.
    rejectUnauthorized: false,
  },
  (response) => process.exit(response.statusCode === 200 ? 0 : 1),
);
asked.on('timeout', () => process.exit(1));
asked.on('error', () => process.exit(1));
asked.end();

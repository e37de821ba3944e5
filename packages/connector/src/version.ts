/** The version of the connector: the same as in package.json, which a test compares. Stands in the User-Agent of calls to AWS. */
export const CONNECTOR_VERSION = '0.1.0';

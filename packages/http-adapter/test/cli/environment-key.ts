/** The AWS SDK finds this key pair in the environment of the process, until it is told to put back what was there. */
export function useEnvironmentKey(key: { readonly accessKeyId: string; readonly secretAccessKey: string }): () => void {
  const outside = { ...process.env };
  process.env['AWS_ACCESS_KEY_ID'] = key.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = key.secretAccessKey;
  return () => {
    process.env = outside;
  };
}

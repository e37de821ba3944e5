const STORAGE_KEY = 'timestream-prometheus-sign-in';

/**
 * The value of the header `authorization`, kept for as long as the tab lives. The link that `npm start` prints carries the key pair behind
 * `#sign-in=`: a browser never sends that part of an address to a server.
 */
export function currentAuthorization(): string | undefined {
  return sessionStorage.getItem(STORAGE_KEY) ?? undefined;
}

export function signIn(accessKeyId: string, secretAccessKey: string): void {
  const bytes = new TextEncoder().encode(`${accessKeyId}:${secretAccessKey}`);
  sessionStorage.setItem(STORAGE_KEY, `Basic ${btoa(String.fromCharCode(...bytes))}`);
}

export function signOut(): void {
  sessionStorage.removeItem(STORAGE_KEY);
}

/** Takes the key pair out of the address bar and its history. */
export function takeSignInFromAddress(): void {
  const encoded = /^#sign-in=([A-Za-z0-9_-]+)$/.exec(location.hash)?.[1];
  if (encoded === undefined) return;
  history.replaceState(undefined, '', location.pathname + location.search);
  const [accessKeyId = '', secretAccessKey = ''] = atob(encoded.replaceAll('-', '+').replaceAll('_', '/')).split(':');
  signIn(accessKeyId, secretAccessKey);
}

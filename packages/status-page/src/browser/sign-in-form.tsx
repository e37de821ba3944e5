import { useState } from 'preact/hooks';
import { signIn } from './sign-in.js';

/** Asks for the access key that the connector asks for with each request. */
export function SignInForm({ onSignIn }: { readonly onSignIn: () => void }) {
  const [accessKeyId, setAccessKeyId] = useState('');
  const [secretAccessKey, setSecretAccessKey] = useState('');
  return (
    <form
      class="query"
      onSubmit={(event) => {
        event.preventDefault();
        signIn(accessKeyId, secretAccessKey);
        onSignIn();
      }}
    >
      <p>Data is shown to whoever has an access key for it. The browser keeps it until this tab is closed.</p>
      <label>
        Access key id
        <input required autocomplete="username" value={accessKeyId} onInput={(event) => setAccessKeyId(event.currentTarget.value)} />
      </label>
      <label>
        Secret access key
        <input
          required
          type="password"
          autocomplete="current-password"
          value={secretAccessKey}
          onInput={(event) => setSecretAccessKey(event.currentTarget.value)}
        />
      </label>
      <button type="submit">Sign in</button>
    </form>
  );
}

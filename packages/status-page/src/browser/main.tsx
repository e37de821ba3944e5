import { render } from 'preact';
import { takeSignInFromAddress } from './sign-in.js';
import { StatusPage } from './status-page.js';

takeSignInFromAddress();
render(<StatusPage />, document.body);

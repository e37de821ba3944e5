import { render } from 'preact';
import { takeSignInFromAddress } from './sign-in.js';
import { StatusPage } from './status-page.js';

takeSignInFromAddress();
if (location.pathname.endsWith('/dashboard')) document.title = 'Dashboard of timestream-prometheus';
render(<StatusPage />, document.body);

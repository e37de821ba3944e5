/** Installs the npm packages of this repository, unless they are there. */
import { install } from './setup.mjs';

install();

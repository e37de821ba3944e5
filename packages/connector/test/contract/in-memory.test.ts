import { connectorContract } from '../../src/testing/index.js';
import { startEmbeddedSubject } from '../support/embedded-subject.js';

connectorContract('in memory', (flags) => startEmbeddedSubject(flags));

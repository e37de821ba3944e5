import { connectorContract } from '@timestream-prometheus/connector-testing';
import { startEmbeddedSubject } from '../support/embedded-subject.js';

connectorContract('in memory', (flags) => startEmbeddedSubject(flags));

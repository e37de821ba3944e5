import { connectorContract } from '@timestream-prometheus/connector-testing';
import { startEmbeddedSubject } from '../support/embedded-subject.js';
import { WORKERS_BESIDE } from '../support/worker-beside.js';

connectorContract('in memory, with workers', (flags) => startEmbeddedSubject({ workers: '2', ...flags }, {}, WORKERS_BESIDE));

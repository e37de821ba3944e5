import { projectTestConfig } from '../../vitest.base.js';

export default projectTestConfig('http-adapter');

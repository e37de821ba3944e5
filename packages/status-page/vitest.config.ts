import { projectTestConfig } from '../../vitest.base.js';

export default projectTestConfig('status-page');

export { PAGE_SECURITY_HEADERS, readErrorMeanings, readPageAssets, type PageAsset } from './page-assets.js';
export type { StatusAnswer, StatusError, StatusHistory } from './status-answer.js';

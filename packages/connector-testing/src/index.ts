export { connectorContract } from './connector-contract.js';
export type { ContractRequest, ContractResponse, ContractSubject, StartContractSubject } from './contract-subject.js';
export {
  basicAuthorization,
  PROTOCOL_HEADERS,
  PROTOCOL_HEADERS_V2,
  query,
  readBody,
  series,
  writeBody,
  writeBodyV2,
} from './remote-messages.js';
export type { AccessKey } from './remote-messages.js';
export { decodeStreamedAnswer, STREAMED_CONTENT_TYPE, STREAMED_FIRST } from './streamed-answer.js';
export { customHistogram, histogramSeries, integerHistogram, wideHistogram } from './native-histogram-contract.js';
export { selfSigned } from './self-signed.js';

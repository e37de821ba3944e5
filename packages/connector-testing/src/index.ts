export { connectorContract } from './connector-contract.js';
export type { ContractRequest, ContractResponse, ContractSubject, StartContractSubject } from './contract-subject.js';
export { basicAuthorization, PROTOCOL_HEADERS, query, readBody, series, writeBody } from './remote-messages.js';
export type { AccessKey } from './remote-messages.js';
export { decodeStreamedAnswer, STREAMED_CONTENT_TYPE, STREAMED_FIRST } from './streamed-answer.js';

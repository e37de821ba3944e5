import type { CommandOption } from './command-definition.js';

const parsePrice: CommandOption<number | undefined>['parse'] = (text) => {
  if (text === '') return { value: undefined };
  return /^\d{1,9}(\.\d{1,9})?$/.test(text) ? { value: Number(text) } : { rule: 'a price in your currency, such as 0.50' };
};

/** Nobody else knows the prices of a region, a year and a contract. */
export const WRITE_PRICE_OPTION: CommandOption<number | undefined> = {
  flag: 'price-per-million-writes',
  defaultText: '',
  kind: 'value',
  placeholder: '<price>',
  help: 'What you pay for a million writes of 1 KiB, in your currency: then the cost is shown.',
  parse: parsePrice,
};
export const QUERY_PRICE_OPTION: CommandOption<number | undefined> = {
  flag: 'price-per-gb-queried',
  defaultText: '',
  kind: 'value',
  placeholder: '<price>',
  help: 'What you pay for a GB that queries read, in your currency: then the cost is shown. An account that pays by compute units (TCU) has no such price.',
  parse: parsePrice,
};

/** Undefined without a price. */
export function writeCost(meteredKiB: number, price: number | undefined): number | undefined {
  return price === undefined ? undefined : (meteredKiB / 1e6) * price;
}

export function queryCost(meteredBytes: number, price: number | undefined): number | undefined {
  return price === undefined ? undefined : (meteredBytes / 1e9) * price;
}

/** What the service meters at least for a query that reads data (captured answers of the service: CumulativeBytesMetered). */
const LEAST_METERED_BYTES = 10_000_000;

export interface QueriesEstimate {
  readonly queries: number;
  readonly leastMeteredBytes: number;
  /** Undefined without a price. */
  readonly leastCost: number | undefined;
}

/** What so many queries are charged at the least. */
export function queriesEstimate(queries: number, price: number | undefined): QueriesEstimate {
  const leastMeteredBytes = queries * LEAST_METERED_BYTES;
  return { queries, leastMeteredBytes, leastCost: queryCost(leastMeteredBytes, price) };
}

/** It follows a number of queries. */
export function leastMeteredText({ leastMeteredBytes, leastCost }: QueriesEstimate): string {
  return `metered at least ${leastMeteredBytes / 1e6} MB by Amazon Timestream${leastCost === undefined ? '' : `, which cost at least ${priceText(leastCost)}`}`;
}

/** With as many digits as say something. */
export function priceText(cost: number): string {
  return cost >= 1 ? cost.toFixed(2) : String(Number(cost.toPrecision(2)));
}

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

/** With as many digits as say something. */
export function priceText(cost: number): string {
  return cost >= 1 ? cost.toFixed(2) : String(Number(cost.toPrecision(2)));
}

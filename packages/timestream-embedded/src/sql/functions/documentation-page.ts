/** A page of the Amazon Timestream developer guide, by the last part of its address. */
export interface DocumentationPage {
  readonly title: string;
  readonly path: string;
}

/** The pages of the developer guide's query language reference that list functions. */
export const documentationPages = {
  views: { title: 'Timeseries views', path: 'timeseries-specific-constructs.views' },
  interpolation: { title: 'Interpolation functions', path: 'timeseries-specific-constructs.functions.interpolation' },
  derivatives: { title: 'Derivatives functions', path: 'timeseries-specific-constructs.functions.derivatives' },
  integrals: { title: 'Integral functions', path: 'timeseries-specific-constructs.functions.integrals' },
  correlation: { title: 'Correlation functions', path: 'timeseries-specific-constructs.functions.correlation' },
  filterReduce: { title: 'Filter and reduce functions', path: 'timeseries-specific-constructs.functions.filter-reduce' },
  comparison: { title: 'Comparison functions', path: 'comparison-functions' },
  conditional: { title: 'Conditional expressions', path: 'conditional-expressions' },
  conversion: { title: 'Conversion functions', path: 'conversion-functions' },
  math: { title: 'Mathematical functions', path: 'mathematical-functions' },
  string: { title: 'String functions', path: 'string-functions' },
  array: { title: 'Array functions', path: 'array-functions' },
  bitwise: { title: 'Bitwise functions', path: 'bitwise-functions' },
  regex: { title: 'Regular expression functions', path: 'regex-functions' },
  time: { title: 'Date / time functions', path: 'date-time-functions' },
  aggregate: { title: 'Aggregate functions', path: 'aggregate-functions' },
  window: { title: 'Window functions', path: 'window-functions' },
} as const satisfies Readonly<Record<string, DocumentationPage>>;

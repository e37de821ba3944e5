import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DuckdbRows } from '../src/query/row-source.js';

describe('the rows of a query that DuckDB computes while they are fetched', () => {
  it('end with an error when the query is interrupted, between two fetches or within one', async () => {
    const database = await DuckDBInstance.create(':memory:');
    onTestFinished(() => database.closeSync());
    const text = "SELECT lpad('', 1000, 'x') FROM range(10000) AS a (n), range(10000) AS b (m)";
    for (const when of ['between', 'within']) {
      const query = { columns: [], duckdbSql: text, parameters: [], namedParameters: [], formatRow: () => ({ Data: [] }) };
      const rows = new DuckdbRows(await database.connect(), query, () => expect.unreachable('what was interrupted is not used again'));
      await rows.start([]);
      expect(await rows.next()).toBeDefined();
      const drained = async () => {
        while ((await rows.next()) !== undefined);
      };
      const draining = when === 'within' ? drained() : undefined;
      rows.interrupt();
      await expect(draining ?? drained()).rejects.toThrow('a result ended before its last row');
      rows.close();
    }
  });
});

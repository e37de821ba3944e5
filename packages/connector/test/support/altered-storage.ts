import type { QueryPage } from '@timestream-prometheus/timestream-translator';
import type { OpenStorage } from '../../src/index.js';

/** What a service does to one statement of a client. It may change a page, or throw instead of giving it. */
export type AlterPage = (page: QueryPage, sql: string, pageNumber: number) => QueryPage;

/** The storage behind a service that answers some statements otherwise. Every statement that is asked is put into `asked`. */
export function alterStorage(openStorage: OpenStorage, asked: string[], alterPage: AlterPage): OpenStorage {
  return (credentials, destination) => {
    const storage = openStorage(credentials, destination);
    return {
      write: (batch, signal) => storage.write(batch, signal),
      close: () => storage.close(),
      async *query(sql, signal) {
        asked.push(sql);
        let pageNumber = 0;
        for await (const page of storage.query(sql, signal)) {
          pageNumber += 1;
          yield alterPage(page, sql, pageNumber);
        }
      },
    };
  };
}

import type { StatusError } from '../status-answer.js';

/** What went wrong since the start, by error code. */
export function ErrorList({ errors }: { readonly errors: readonly StatusError[] }) {
  return (
    <section aria-labelledby="errors">
      <h2 id="errors">Errors since the start</h2>
      {errors.length === 0 ? (
        <p class="quiet">None.</p>
      ) : (
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">error</th>
                <th scope="col">what it means</th>
                <th scope="col">path</th>
                <th scope="col">status</th>
                <th scope="col">count</th>
                <th scope="col">last</th>
              </tr>
            </thead>
            <tbody>
              {errors.map(({ endpoint, status, code, count, lastMs, meaning }) => (
                <tr key={`${endpoint} ${status} ${code}`}>
                  <th scope="row">
                    <a href={`page/errors.html#${code}`}>{code}</a>
                  </th>
                  <td>{meaning}</td>
                  <td>{endpoint}</td>
                  <td>{status}</td>
                  <td>{count}</td>
                  <td>{new Date(lastMs).toLocaleTimeString()}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p class="quiet">The log of the connector has each of them with its details.</p>
    </section>
  );
}

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('JavaOracle.java', import.meta.url));

/** Whether these tests can ask real Java. With REQUIRE_JAVA=1 its absence is a failure instead of a loud skip. */
export function isJavaPresent(): boolean {
  const { status } = spawnSync('java', ['-version']);
  if (status === 0) return true;
  if (process.env['REQUIRE_JAVA'] === '1') throw new Error('REQUIRE_JAVA=1, but there is no `java` to compare with');
  process.stderr.write(
    '\n*** No `java` found: the comparisons with real Java are SKIPPED. Install a JDK, or set REQUIRE_JAVA=1 to fail instead. ***\n\n',
  );
  return false;
}

/** One answer for each request; see JavaOracle.java. Java compiles the program itself as it starts it. */
export function askJava(requests: readonly string[]): string[] {
  const { status, stdout, stderr } = spawnSync('java', [source], {
    input: `${requests.join('\n')}\n`,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`java failed: ${stderr}`);
  const answers = stdout.trimEnd().split('\n');
  if (answers.length !== requests.length) throw new Error(`java gave ${answers.length} answers for ${requests.length} requests`);
  return answers;
}

export const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('JavaOracle.java', import.meta.url));

/** Whether these tests can ask real Java. With REQUIRE_JAVA=1 its absence is a failure instead of a loud skip. */
export function isJavaPresent(): boolean {
  if (['java', 'javac'].every((program) => spawnSync(program, ['-version']).status === 0)) return true;
  if (process.env['REQUIRE_JAVA'] === '1') throw new Error('REQUIRE_JAVA=1, but there is no JDK (`java` and `javac`) to compare with');
  process.stderr.write(
    '\n*** No JDK found: the comparisons with real Java are SKIPPED. Install a JDK, or set REQUIRE_JAVA=1 to fail instead. ***\n\n',
  );
  return false;
}

let compiled: string | undefined;

/** The folder of the compiled program: compiling takes several times as long as answering, and tests ask more than once. */
function compiledProgram(): string {
  if (compiled !== undefined) return compiled;
  const folder = mkdtempSync(join(tmpdir(), 'java-oracle-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const { status, stderr } = spawnSync('javac', ['-d', folder, source], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`javac failed: ${stderr}`);
  compiled = folder;
  return folder;
}

/** One answer for each request; see JavaOracle.java. */
export function askJava(requests: readonly string[]): string[] {
  const { status, stdout, stderr } = spawnSync(
    'java',
    ['-Xshare:auto', '-XX:TieredStopAtLevel=1', '-cp', compiledProgram(), 'JavaOracle'],
    {
      input: `${requests.join('\n')}\n`,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    },
  );
  if (status !== 0) throw new Error(`java failed: ${stderr}`);
  const answers = stdout.trimEnd().split('\n');
  if (answers.length !== requests.length) throw new Error(`java gave ${answers.length} answers for ${requests.length} requests`);
  return answers;
}

export const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');

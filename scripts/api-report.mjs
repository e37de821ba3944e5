/**
 * Writes `api.md` of every published package: the declarations of all that one can import from it, made from its built types by API Extractor.
 * Whoever changes a public signature changes this file as well, and sees it in the diff.
 *
 *   npm run api                builds, and writes them
 *
 * A test compares them with what this makes (e2e/architecture/api.test.ts).
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { publishedPackages } from './published-packages.mjs';
import { build, fail, install, isProgram, repositoryRoot } from './setup.mjs';

const quiet = { default: { logLevel: ExtractorLogLevel.None, addToApiReportFile: false } };

/**
 * The text of `api.md` of a package.
 *
 * @param {string} folder the package, as `packages/name`
 */
export function apiReport(folder) {
  const packageFolder = path.join(repositoryRoot, folder);
  const manifestFile = path.join(packageFolder, 'package.json');
  /** @type {{ name: string; exports: Record<string, string | { types?: string }> }} */
  const manifest = JSON.parse(readFileSync(manifestFile, 'utf8'));
  const reports = Object.entries(manifest.exports).flatMap(([entry, target]) => {
    if (typeof target === 'string' || target.types === undefined) return [];
    return [{ specifier: manifest.name + entry.slice(1), text: declarationsOf(packageFolder, manifestFile, target.types) }];
  });
  const parts = reports.map(({ specifier, text }) => `## \`${specifier}\`\n\n\`\`\`ts\n${text}\n\`\`\`\n`);
  return `# API\n\nMade by \`npm run api\` from the types; do not edit.\n\n${parts.join('\n')}`;
}

/**
 * @param {string} packageFolder
 * @param {string} manifestFile
 * @param {string} types the declaration file, below the package
 */
function declarationsOf(packageFolder, manifestFile, types) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'api-report-'));
  const temporary = path.join(folder, 'temporary');
  mkdirSync(temporary);
  try {
    const config = ExtractorConfig.prepare({
      configObject: {
        projectFolder: packageFolder,
        mainEntryPointFilePath: path.join(packageFolder, types),
        compiler: { tsconfigFilePath: path.join(packageFolder, 'tsconfig.build.json') },
        apiReport: {
          enabled: true,
          reportFileName: 'report.api.md',
          reportFolder: folder,
          reportTempFolder: temporary,
          includeForgottenExports: true,
        },
        docModel: { enabled: false },
        dtsRollup: { enabled: false },
        tsdocMetadata: { enabled: false },
        messages: { compilerMessageReporting: quiet, extractorMessageReporting: quiet, tsdocMessageReporting: quiet },
        newlineKind: 'lf',
      },
      configObjectFullPath: undefined,
      packageJsonFullPath: manifestFile,
    });
    /** @type {string[]} */
    const complaints = [];
    Extractor.invoke(config, {
      localBuild: true,
      messageCallback: (message) => {
        if (message.logLevel === ExtractorLogLevel.Error) complaints.push(message.formatMessageWithLocation(packageFolder));
        message.handled = true;
      },
    });
    if (complaints.length > 0) fail(complaints.join('\n'));
    const report = readFileSync(path.join(folder, 'report.api.md'), 'utf8');
    const [, declarations = ''] = /```ts\n([\s\S]*)```/.exec(report) ?? [];
    // What API Extractor would like to see documented or exported is not the concern of this page.
    return declarations
      .replaceAll(/^ *\/\/ (?:\(undocumented\)|\(No @packageDocumentation .*|Warning: \(ae-.*|@(?:public|internal|alpha|beta).*)\n/gm, '')
      .replaceAll(/\n{3,}/g, '\n\n')
      .trim();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (isProgram(import.meta.url)) {
  install();
  build();
  for (const folder of publishedPackages()) writeFileSync(path.join(repositoryRoot, folder, 'api.md'), apiReport(folder));
}

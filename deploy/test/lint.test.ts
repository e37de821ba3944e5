import { describe, expect, it } from 'vitest';
import { isMissing, runProgram } from './aws-tools.js';

const templates = ['template.yml', 'privatelink/template.yml'];

const lacksCfnLint = isMissing(
  'cfn-lint',
  runProgram('cfn-lint', ['--version']).status === 0,
  'REQUIRE_CFN_LINT',
  'To check the templates against CloudFormation’s own schemas: `pip install cfn-lint`.',
);

describe.skipIf(lacksCfnLint)('cfn-lint', () => {
  it.each(templates)('has nothing to say about %s', (template) => {
    expect(runProgram('cfn-lint', [template])).toEqual({ status: 0, output: '' });
  });
});

const lacksSam = isMissing(
  'sam',
  runProgram('sam', ['--version']).status === 0,
  'REQUIRE_SAM',
  'To check the templates as `sam deploy` will: `pip install aws-sam-cli`.',
);

describe.skipIf(lacksSam)('sam validate --lint', () => {
  it.each(['.', 'privatelink'])('accepts the template in %s with the settings of its samconfig.toml', (folder) => {
    const { status, output } = runProgram('sam', ['validate', '--lint'], `${import.meta.dirname}/../${folder}`);
    expect(output).toContain('is a valid SAM Template');
    expect(status).toBe(0);
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { deployFolder } from '../stack/template-document.js';
import { findPython, isMissing, runProgram } from './aws-tools.js';

const configuration = readFileSync(`${deployFolder}/../docs/configuration.md`, 'utf8');
const isVariable = (name: string): boolean => configuration.includes(`Variable \`${name}\``);

describe('the systemd unit', () => {
  const unit = readFileSync(`${deployFolder}/systemd/timestream-prometheus.service`, 'utf8');

  const lacksSystemd = isMissing(
    'systemd-analyze',
    runProgram('systemd-analyze', ['--version']).status === 0,
    'REQUIRE_SYSTEMD',
    'To verify the unit: a Linux with systemd.',
  );
  it.skipIf(lacksSystemd)('is one that systemd understands, and that gives the service little', () => {
    const file = 'systemd/timestream-prometheus.service';
    expect(runProgram('systemd-analyze', ['verify', '--man=no', file])).toEqual({ status: 0, output: '' });
    const { output } = runProgram('systemd-analyze', ['security', '--offline=true', file]);
    const exposure = Number(/Overall exposure level[^:]*: ([\d.]+)/.exec(output)?.[1]);
    // systemd's scale of 0 to 10; services that nobody confined have 9 and more.
    expect(exposure).toBeLessThan(2.5);
  });

  it('starts what the server package holds, with options by the names of their variables', () => {
    expect(unit).toContain('/opt/timestream-prometheus/dist/cli/server.mjs serve');
    const options = readFileSync(`${deployFolder}/systemd/connector.env`, 'utf8');
    const names = Array.from(options.matchAll(/^#?([a-z_0-9]+)=/gm), ([, name]) => name ?? '');
    expect(names).toContain('tls_certificate');
    expect(names.filter((name) => !isVariable(name))).toEqual([]);
  });
});

const lacksHelm = isMissing(
  'helm',
  runProgram('helm', ['version']).status === 0,
  'REQUIRE_HELM',
  'To check the chart: `go install helm.sh/helm/v3/cmd/helm@v3.22.0`.',
);
const python = findPython('import kubernetes_validate');
const lacksKubernetesSchemas = isMissing(
  'a Python with kubernetes-validate',
  python !== undefined,
  'REQUIRE_HELM',
  'To check what the chart makes: `pip install kubernetes-validate==1.37.0`.',
);

describe.skipIf(lacksHelm || lacksKubernetesSchemas)('the Helm chart', () => {
  const chart = 'helm/timestream-prometheus';
  const image = ['--set', 'image.repository=registry.example.com/timestream-prometheus'];
  const render = (...values: readonly string[]): string => {
    const { status, output } = runProgram('helm', ['template', 'metrics', chart, '--kube-version', '1.33.0', ...image, ...values]);
    if (status !== 0) throw new Error(output);
    return output;
  };
  interface Rendered {
    readonly kind: string;
    readonly spec: {
      readonly template: {
        readonly spec: {
          readonly containers: readonly { readonly env: readonly { name: string; value: string }[]; readonly readinessProbe: object }[];
        };
      };
    };
  }
  const objectsOf = (text: string): readonly Rendered[] => parseAllDocuments(text).map((document) => document.toJS() as Rendered);

  it('passes helm lint', () => {
    const { status, output } = runProgram('helm', ['lint', '--strict', chart, ...image]);
    expect(output).toContain('0 chart(s) failed');
    expect(status).toBe(0);
  });

  const choices: Readonly<Record<string, readonly string[]>> = {
    'the defaults': [],
    'its own role and a network policy': [
      '--set',
      'enableSigV4Auth=true,networkPolicy.from[0].podSelector.matchLabels.app=prometheus',
      '--set-string',
      String.raw`serviceAccount.annotations.eks\.amazonaws\.com/role-arn=arn:aws:iam::123456789012:role/connector`,
    ],
    HTTPS: ['--set', 'tlsSecret=connector-tls'],
    'one replica and more options': ['--set', 'replicas=1', '--set-string', 'options.log_level=debug,options.max_concurrent_requests=64'],
  };

  it.each(Object.entries(choices))('makes what Kubernetes’ own schemas take, with %s', (_name, values) => {
    const { status, output } = runProgram('bash', [
      '-c',
      'printf %s "$1" | "$0" -c "$2"',
      python ?? 'python3',
      render(...values),
      'import sys, yaml, kubernetes_validate\nfor each in yaml.safe_load_all(sys.stdin):\n    if each: kubernetes_validate.validate(each, "1.33", strict=True)',
    ]);
    expect(output).toBe('');
    expect(status).toBe(0);
  });

  it('configures the connector by variables that it has', () => {
    const deployment = objectsOf(render(...(choices['HTTPS'] ?? []))).find(({ kind }) => kind === 'Deployment');
    const [container] = deployment?.spec.template.spec.containers ?? [];
    expect(container?.env.map(({ name }) => name).filter((name) => !isVariable(name))).toEqual([]);
    expect(JSON.stringify(container?.readinessProbe)).toContain('"scheme":"HTTPS"');
  });

  it('refuses values that it does not know, and a release without an image', () => {
    expect(runProgram('helm', ['template', 'metrics', chart, ...image, '--set', 'timestreem.region=x']).output).toMatch(/timestreem/);
    expect(runProgram('helm', ['template', 'metrics', chart, '--kube-version', '1.33.0']).output).toContain('no image is published');
  });
});

describe('the Terraform module', () => {
  const read = (name: string): string => readFileSync(`${deployFolder}/terraform/${name}.tf`, 'utf8');
  const lacksTerraform = isMissing(
    'terraform',
    runProgram('terraform', ['version']).status === 0,
    'REQUIRE_TERRAFORM',
    'To check the form of the module: Terraform.',
  );

  it.skipIf(lacksTerraform)('is formatted, and so is syntax that Terraform reads', () => {
    expect(runProgram('terraform', ['fmt', '-check', '-diff', 'terraform']).status).toBe(0);
  });

  it('puts its own bucket where the template names the package, once', () => {
    const [, replaced = ''] = /"(CodeUri: [^"$]+)"/.exec(read('main')) ?? [];
    expect(readFileSync(`${deployFolder}/template.yml`, 'utf8').split(replaced)).toHaveLength(2);
  });

  it('gives outputs that the template has', () => {
    const template = readFileSync(`${deployFolder}/template.yml`, 'utf8');
    for (const [, output] of read('outputs').matchAll(/outputs\["(\w+)"\]/g)) expect(template).toContain(`\n  ${output ?? ''}:\n`);
  });
});

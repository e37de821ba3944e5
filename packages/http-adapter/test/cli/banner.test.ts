import { describe, expect, it } from 'vitest';
import { renderBanner, type BannerFacts } from '../../src/cli/banner.js';

const embedded = {
  url: 'http://127.0.0.1:9202',
  dataDir: '/home/ada/.timestream',
  key: { accessKeyId: 'LOCAL1', secretAccessKey: 'generated-secret' },
  isKeyGenerated: true,
};

const facts: BannerFacts = {
  version: '1.2.3',
  url: 'http://127.0.0.1:9201',
  config: {
    defaultDatabase: 'PrometheusDatabase',
    defaultTable: 'PrometheusMetricsTable',
    region: 'us-east-1',
    enableSigV4Auth: false,
    usersFile: '',
    webStatusPage: true,
    webTelemetryPath: '/metrics',
    tlsCertificate: '',
  },
  embedded,
};

describe('renderBanner', () => {
  it('shows everything that a first trial needs', () => {
    expect(renderBanner(facts)).toMatchInlineSnapshot(`
      "timestream-prometheus 1.2.3 is ready at http://127.0.0.1:9201

        data      /home/ada/.timestream (embedded Timestream, PrometheusDatabase.PrometheusMetricsTable)
        page      http://127.0.0.1:9201/#sign-in=TE9DQUwxOmdlbmVyYXRlZC1zZWNyZXQ
        metrics   http://127.0.0.1:9201/metrics
        stop      Ctrl-C

      Paste into prometheus.yml:

      remote_write:
        - url: http://127.0.0.1:9201/write
          basic_auth:
            username: LOCAL1
            password: generated-secret
      remote_read:
        - url: http://127.0.0.1:9201/read
          read_recent: true
          basic_auth:
            username: LOCAL1
            password: generated-secret

      To look at the data with the aws command line:

      export AWS_ACCESS_KEY_ID=LOCAL1
      export AWS_SECRET_ACCESS_KEY=generated-secret
      aws timestream-query query --region us-east-1 --endpoint-url http://127.0.0.1:9202 \\
        --query-string 'SELECT * FROM "PrometheusDatabase"."PrometheusMetricsTable" ORDER BY time DESC LIMIT 10'

      "
    `);
  });

  it('names the table in Amazon Timestream, and shows placeholders for keys', () => {
    const text = renderBanner({ ...facts, embedded: undefined });
    expect(text).toContain('data      Amazon Timestream, us-east-1, PrometheusDatabase.PrometheusMetricsTable');
    expect(text).toContain('username: <access key id>');
    expect(text).not.toContain('aws timestream-query');
  });

  it("shows no keys when clients need none, because requests are made with the server's own credentials", () => {
    const text = renderBanner({ ...facts, config: { ...facts.config, enableSigV4Auth: true }, embedded: undefined });
    expect(text).not.toContain('basic_auth');
  });

  it('does not repeat a secret that somebody chose', () => {
    const text = renderBanner({ ...facts, embedded: { ...embedded, isKeyGenerated: false } });
    expect(text).toContain('username: LOCAL1');
    expect(text).not.toContain('generated-secret');
  });

  it('tells Prometheus which certificate to trust when the server speaks HTTPS', () => {
    const text = renderBanner({ ...facts, url: 'https://127.0.0.1:9201', config: { ...facts.config, tlsCertificate: 'cert.pem' } });
    expect(text).toContain('- url: https://127.0.0.1:9201/write');
    expect(text.match(/tls_config:\n +ca_file: cert\.pem/g)).toHaveLength(2);
  });
});

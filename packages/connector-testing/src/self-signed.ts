/**
 * A certificate for localhost and 127.0.0.1 that no one trusts, its key, and the key of no certificate; for tests only. Made with
 * `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=localhost
 * -addext subjectAltName=DNS:localhost,IP:127.0.0.1`.
 */
export const selfSigned = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUCfRmzir9d4tgITcRWCaur6Y4qFMwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjE2MjEwMVoYDzIxMjYxMDI5
MTYyMTAxWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQ5paHZZyz7h5QWs4SzoopCwarbf3YQ97GCUwnUsxAZTruaAsMoUsa1
c1XBmbImpT9auwRx3clk7B4M5C+MuFrmo28wbTAdBgNVHQ4EFgQUpaN8+AGuM8JI
hAd44JjQBVWM3IwwHwYDVR0jBBgwFoAUpaN8+AGuM8JIhAd44JjQBVWM3IwwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIgIgVoYeRybRAaPMHyIanTifLFQ7BvIY6aC7ZiPwgCSKMCIQDI
Hr6R8UD/hQMU2PCHGuYNiSQ8UyySqGaqwkIVezLglQ==
-----END CERTIFICATE-----
`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgyuEDQe8J4sh/tQWU
7XvxKyKqz3GjyLq0HzOo5GIeFqqhRANCAAQ5paHZZyz7h5QWs4SzoopCwarbf3YQ
97GCUwnUsxAZTruaAsMoUsa1c1XBmbImpT9auwRx3clk7B4M5C+MuFrm
-----END PRIVATE KEY-----
`,
  otherKey: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgvnE6vgSdJfw560uI
al4FZ+YsmcOTSu/ww6T69GoVDfOhRANCAAQ8I8zPqdKNaNZxHmMGzj1Etc55RMcF
FbOT6IN141ykLEcJjmC0Ox8/w0qhSIZLlhMyz9S46CYwcXxnV8qr58v4
-----END PRIVATE KEY-----
`,
} as const;

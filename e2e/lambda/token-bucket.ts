/** API Gateway's throttling: "a token bucket algorithm, where a token counts for a request", with a rate per second and a burst. */
export function createTokenBucket({ ratePerSecond, burst }: { readonly ratePerSecond: number; readonly burst: number }): () => boolean {
  let tokens = burst;
  let filledAtMs = performance.now();
  return () => {
    const nowMs = performance.now();
    tokens = Math.min(burst, tokens + ((nowMs - filledAtMs) / 1000) * ratePerSecond);
    filledAtMs = nowMs;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}

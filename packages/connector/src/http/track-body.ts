/**
 * The same parts, with `onEnd` called once when the last one is handed over, the reader leaves (even before the first part, when a generator
 * would not notice), or the body fails; then `onFailure` is called before.
 */
export function trackBody(
  body: AsyncIterable<Uint8Array>,
  onEnd: () => void,
  onFailure: (error: unknown) => void,
): AsyncIterable<Uint8Array> {
  let isEnded = false;
  const end = () => {
    if (!isEnded) onEnd();
    isEnded = true;
  };
  return {
    [Symbol.asyncIterator]() {
      const parts = body[Symbol.asyncIterator]();
      return {
        async next() {
          try {
            const part = await parts.next();
            if (part.done === true) end();
            return part;
          } catch (error) {
            onFailure(error);
            end();
            throw error;
          }
        },
        async return() {
          try {
            await parts.return?.();
          } finally {
            end();
          }
          return { done: true, value: undefined };
        },
      };
    },
  };
}

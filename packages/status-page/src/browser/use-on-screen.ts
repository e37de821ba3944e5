import { useEffect, useRef, useState } from 'preact/hooks';

/** Panels a little below the edge are asked for before a person gets there. */
const MARGIN = '150px';

/** Whether an element is on the screen or close to it: not scrolled away, and not in a row that is closed. */
export function useOnScreen<Target extends Element>() {
  const element = useRef<Target>(null);
  const [isOnScreen, setOnScreen] = useState(false);
  useEffect(() => {
    if (element.current === null) return undefined;
    const observer = new IntersectionObserver((entries) => setOnScreen(entries.at(-1)?.isIntersecting === true), { rootMargin: MARGIN });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return { element, isOnScreen };
}

import { useId, useRef, useState } from 'preact/hooks';
import { completionsAt, type Completion } from './completions.js';

export interface ExpressionBoxProps {
  readonly value: string;
  readonly metrics: readonly string[];
  readonly labels: readonly string[];
  readonly onInput: (text: string) => void;
  readonly onRun: (text: string) => void;
}

/**
 * A line of PromQL with completion of metric names, labels and functions. Arrow keys choose, Enter or Tab takes, Escape closes:
 * the combobox pattern of https://www.w3.org/WAI/ARIA/apg/patterns/combobox/
 */
export function ExpressionBox({ value, metrics, labels, onInput, onRun }: ExpressionBoxProps) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [offered, setOffered] = useState<readonly Completion[]>([]);
  const [chosen, setChosen] = useState(-1);
  const isOpen = offered.length > 0;

  const close = (): void => {
    setOffered([]);
    setChosen(-1);
  };

  const take = ({ start, end, text }: Completion): void => {
    onInput(value.slice(0, start) + text + value.slice(end));
    close();
    const caret = start + text.length;
    requestAnimationFrame(() => {
      input.current?.focus();
      input.current?.setSelectionRange(caret, caret);
    });
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    const current = offered[chosen];
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      if (!isOpen) return;
      event.preventDefault();
      setChosen((chosen + (event.key === 'ArrowDown' ? 1 : offered.length)) % offered.length);
    } else if ((event.key === 'Enter' || event.key === 'Tab') && current !== undefined) {
      event.preventDefault();
      take(current);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      close();
      onRun(value);
    } else if (event.key === 'Escape') close();
  };

  return (
    <div class="box">
      <label>
        <span class="hidden">PromQL expression</span>
        <input
          ref={input}
          class="expression"
          type="text"
          role="combobox"
          placeholder="a metric, or any PromQL expression"
          aria-expanded={isOpen}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={chosen >= 0 ? `${id}-${chosen}` : undefined}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          value={value}
          onInput={(event) => {
            const { value: text, selectionStart } = event.currentTarget;
            onInput(text);
            setOffered(completionsAt(text, selectionStart ?? text.length, metrics, labels));
            setChosen(-1);
          }}
          onKeyDown={onKeyDown}
          onBlur={() => setTimeout(close, 150)}
        />
      </label>
      <ul id={`${id}-list`} role="listbox" aria-label="Completions" hidden={!isOpen}>
        {offered.map((completion, index) => (
          <li
            key={completion.text}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === chosen}
            onPointerDown={(event) => {
              event.preventDefault();
              take(completion);
            }}
          >
            {completion.text} <span class="quiet">{completion.kind}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

export interface ValueChoiceProps {
  readonly label: string;
  /** Those that there are; undefined while that is not known. */
  readonly values: readonly string[] | undefined;
  /** None: all of them. */
  readonly chosen: readonly string[];
  readonly onChoose: (chosen: readonly string[]) => void;
}

/** More than these nobody reads. */
const MAX_VALUES = 200;

/** Any number of the values of a label; none means all. */
export function ValueChoice({ label, values, chosen, onChoose }: ValueChoiceProps) {
  const all = [...new Set([...(values ?? []), ...chosen])].sort();
  const shown = all.slice(0, MAX_VALUES);
  return (
    <details class="choice">
      <summary>
        {label}: <b>{chosen.length === 0 ? 'all' : chosen.length === 1 ? chosen[0] : `${chosen.length} of ${all.length}`}</b>
      </summary>
      <fieldset>
        <legend class="hidden">{label}</legend>
        <label>
          <input type="checkbox" checked={chosen.length === 0} onChange={() => onChoose([])} /> all
        </label>
        {shown.map((value) => (
          <label key={value}>
            <input
              type="checkbox"
              checked={chosen.includes(value)}
              onChange={(event) => onChoose(event.currentTarget.checked ? [...chosen, value] : chosen.filter((other) => other !== value))}
            />{' '}
            {value}
          </label>
        ))}
        {all.length > shown.length && <p>and {all.length - shown.length} more</p>}
        {values === undefined && <p class="quiet">Asking …</p>}
        {values?.length === 0 && <p class="quiet">None in this range.</p>}
      </fieldset>
    </details>
  );
}

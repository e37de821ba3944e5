/** A number of things in words: `1 sample`, `2 samples`. `thing` is one of them; `things` is needed where the plural is not made by an s. */
export const quantityText = (count: number, thing: string, things = `${thing}s`): string => `${count} ${count === 1 ? thing : things}`;

/**
 * Texts that a function makes longer: a statement of a few words could otherwise ask for more bytes than there is memory, which no limit of the
 * database counts. A value of a table has 2 KiB, so none comes near it.
 */
export const maxMadeTextLength = 16_777_216;
export const tooLongText = `The text is longer than ${maxMadeTextLength} characters`;

/** @param longest  SQL for a length that the text cannot exceed */
export const refusingLong = (longest: string, text: string): string =>
  `CASE WHEN ${longest} > ${maxMadeTextLength} THEN error('${tooLongText}') ELSE ${text} END`;

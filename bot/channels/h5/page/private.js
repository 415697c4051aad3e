// What must not stay on the screen or in this tab: numbers of persons.

// an ID number, written with blanks too, or a mobile number; what stands ahead of it is no digit
const NUMBER = /(^|[^0-9])((?:\d[\s-]?){14,17}[\dXx]|1[3-9]\d{9})(?![0-9])/g;

export const holdsNumber = (text) => text.search(NUMBER) >= 0;

/** The same words, a person's number down to its last two signs. */
export const masked = (text) =>
  text.replace(NUMBER, (_, ahead, found) => {
    const bare = found.replace(/[\s-]/g, "");
    return ahead + "*".repeat(bare.length - 2) + bare.slice(-2);
  });

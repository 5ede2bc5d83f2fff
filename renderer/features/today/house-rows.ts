/** Houses in one row of the picture. */
export const HOUSES_PER_ROW = 12;
/** Above this many, houses are counted in words only. */
export const MOST_HOUSES = 60;

/** Rows that so many houses take. */
export const houseRows = (count: number): number => (count > MOST_HOUSES ? 0 : Math.ceil(count / HOUSES_PER_ROW));

export const MAX_RECORDS_PER_ENTRY = 64;
/** Leaves room for an identity and the frame around an entry within a 2 MiB frame. */
export const MAX_ENTRY_BYTES = 2 * 1024 * 1024 - 16 * 1024;
/** An entry names at most this many heads; a log with more of them is merged in several entries. */
export const MAX_PARENTS = 4096;
/** OrbitDB's name of an entry or an identity. */
export const ORBIT_HASH = /^zdpu[1-9A-HJ-NP-Za-km-z]{45}$/;
/** Books of which a node may let go. */
export const OF_MONTH = /-\d{4}-\d{2}$/;
/** No log comes near this by itself. Whoever sets a clock beyond it, in a book where nothing keeps it from that, is not followed. */
export const MAX_FOLLOWED_TIME = 2 ** 52;

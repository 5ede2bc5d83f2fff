/** The two IPC channels of the shell: the page asks for a line to the core, and gets the port of one. */
export const CONNECT_CHANNEL = 'gridpact:connect';
export const PORT_CHANNEL = 'gridpact:port';

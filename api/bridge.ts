/** `data` of the message event that brings the page its one transferred port. */
export const PORT_MESSAGE = 'gridpact-port';

/** `window.gridpact` in the desktop shell; in a browser there is none and the page uses the gateway's socket. */
export interface GridpactBridge {
  /**
   * Asks the shell for a line to the core. Afterwards the page's own window receives one message event with
   * {@link PORT_MESSAGE} as data and a MessagePort, because a port cannot cross the bridge itself. Ask again after the
   * port closes: the core was restarted. Rejects when there is no core to talk to.
   */
  connect(): Promise<void>;
}

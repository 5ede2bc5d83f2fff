import { contextBridge, ipcRenderer } from 'electron';
import { type GridpactBridge, PORT_MESSAGE } from '#api/bridge.ts';
import { CONNECT_CHANNEL, PORT_CHANNEL } from './channels.ts';

const bridge: GridpactBridge = { connect: () => ipcRenderer.invoke(CONNECT_CHANNEL) };
contextBridge.exposeInMainWorld('gridpact', bridge);

ipcRenderer.on(PORT_CHANNEL, (event) => {
  // to this very window, so there is no other origin to name
  window.postMessage(PORT_MESSAGE, '*', [...event.ports]);
});

type RequestHandler = (contents: unknown, permission: string, answer: (granted: boolean) => void) => void;
type CheckHandler = (contents: unknown, permission: string) => boolean;

let request: RequestHandler | undefined;
let check: CheckHandler | undefined;

export const defaultSession = {
  setPermissionRequestHandler(handler: RequestHandler): void {
    request = handler;
  },
  setPermissionCheckHandler(handler: CheckHandler): void {
    check = handler;
  },
  setDevicePermissionHandler(): void {},
};

/** What the shell would answer; without handlers Electron grants everything, and so does this. */
export function wouldGrant(permission: string): boolean {
  let granted = request === undefined;
  request?.({}, permission, (answer) => {
    granted = answer;
  });
  return granted || (check?.({}, permission) ?? true);
}

type MediaType = 'audio' | 'video';
type RequestHandler = (
  contents: unknown,
  permission: string,
  answer: (granted: boolean) => void,
  details: { readonly mediaTypes?: readonly MediaType[] },
) => void;
type CheckHandler = (
  contents: unknown,
  permission: string,
  origin: string,
  details: { readonly mediaType?: MediaType },
) => boolean;

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
export function wouldGrant(permission: string, media: readonly MediaType[] = []): boolean {
  let granted = request === undefined;
  const answered = (answer: boolean): void => {
    granted = answer;
  };
  request?.({}, permission, answered, media.length > 0 ? { mediaTypes: media } : {});
  const checked = media.map((mediaType) => check?.({}, permission, '', { mediaType }) ?? true);
  return granted || (media.length > 0 ? checked.every(Boolean) : (check?.({}, permission, '', {}) ?? true));
}

export interface Preventable {
  readonly defaultPrevented: boolean;
  preventDefault(): void;
}

export function preventable<T extends object>(fields: T): T & Preventable {
  let prevented = false;
  const preventDefault = (): void => {
    prevented = true;
  };
  return Object.defineProperty({ ...fields, preventDefault } as T & Preventable, 'defaultPrevented', {
    get: () => prevented,
  });
}

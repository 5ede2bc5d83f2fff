export function Sync() {
  return null;
}
